"""Profile and rules -> findings and annotations, of many datasets side by side. Writes nothing."""
