"""Asks AWS's price list for what neither the configuration nor this software's table has
(https://docs.aws.amazon.com/aws-cost-management/latest/APIReference/API_pricing_GetProducts.html).
"""

import json
from typing import Any

from runners.contract.launch_toml import Configuration
from runners.launch.aws import client, with_clear_errors
from runners.launch.ports import LaunchError
from runners.launch.prices import DISK, is_in_table

_ENDPOINT = "us-east-1"  # one of the few regions that answer for all
_LINUX = {
    "operatingSystem": "Linux",
    "tenancy": "Shared",
    "preInstalledSw": "NA",
    "capacitystatus": "Used",
}


def with_listed_prices(configuration: Configuration) -> Configuration:
    """The configuration with the prices that it lacks, as far as the role may ask for them.

    Nobody is asked where the table has them all.
    """
    kinds = [*(configuration.ec2.types if configuration.ec2 else ())]
    if configuration.sagemaker:
        kinds.append(configuration.sagemaker.type)
    lacking = [kind for kind in kinds if kind not in configuration.prices]
    lacking = [kind for kind in lacking if not is_in_table(configuration.region, kind)]
    if not lacking:
        return configuration
    found = {kind: _price(configuration.region, kind) for kind in (*lacking, DISK)}
    listed = {kind: price for kind, price in found.items() if price}
    return configuration.model_copy(update={"prices": {**listed, **configuration.prices}})


def _price(region: str, kind: str) -> float | None:
    """US dollars an hour (of a disk, a GiB and month); None if AWS names none, or doesn't say."""
    service, wanted = "AmazonEC2", {"instanceType": kind, **_LINUX}
    if kind == DISK:
        wanted = {"productFamily": "Storage", "volumeApiName": DISK}
    elif kind.startswith("ml."):
        service, wanted = "AmazonSageMaker", {"instanceName": kind, "component": "Processing"}
    filters = [
        {"Type": "TERM_MATCH", "Field": name, "Value": value}
        for name, value in {**wanted, "regionCode": region}.items()
    ]
    try:
        with with_clear_errors(f"asking for the price of {kind}"):
            answer = client("pricing", _ENDPOINT).get_products(ServiceCode=service, Filters=filters)
    except LaunchError:
        return None
    prices = [price for product in answer["PriceList"] for price in _dollars(json.loads(product))]
    return max(prices, default=None)


def _dollars(product: Any) -> list[float]:
    return [
        float(dimension["pricePerUnit"]["USD"])
        for term in product["terms"].get("OnDemand", {}).values()
        for dimension in term["priceDimensions"].values()
    ]
