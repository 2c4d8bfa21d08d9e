"""The frame of every page that the bot writes: one file, in light and dark, wide and narrow.

It fetches nothing and runs no script, whatever its body says.
"""

STYLE = """
:root { color-scheme: light dark; --line: #d0d7de; --soft: #f6f8fa; --dim: #59636e;
  --link: #0969da; --text: #1f2328; --back: #fff; }
@media (prefers-color-scheme: dark) { :root { --line: #3d444d; --soft: #161b22; --dim: #9198a1;
  --link: #4493f8; --text: #e6edf3; --back: #0d1117; } }
* { box-sizing: border-box; }
body { font: 16px/1.5 system-ui, sans-serif; color: var(--text); background: var(--back);
  max-width: 62rem; margin: 2rem auto; padding: 0 1rem; overflow-wrap: break-word; }
h1 { font-size: 1.6rem; line-height: 1.25; margin: 0 0 .5rem; }
h2 { font-size: 1.25rem; line-height: 1.3; } h3 { font-size: 1.05rem; margin-top: 1.6rem; }
a { color: var(--link); }
.label { display: inline-block; border: 1px solid var(--line); border-radius: 1rem;
  padding: 0 .6rem; font-size: .85rem; margin-right: .3rem; }
article { border: 1px solid var(--line); border-radius: .4rem; margin: 1.2rem 0; }
article > header { background: var(--soft); color: var(--dim); padding: .4rem 1rem;
  border-bottom: 1px solid var(--line); border-radius: .4rem .4rem 0 0; font-size: .9rem; }
article > header b { color: var(--text); }
article > div { padding: .2rem 1rem .6rem; overflow-x: auto; }
article > footer { padding: 0 1rem .6rem; }
table { border-collapse: collapse; margin: .6rem 0; font-size: .92rem; }
th, td { border: 1px solid var(--line); padding: .3rem .6rem; text-align: left;
  vertical-align: top; }
th { background: var(--soft); white-space: nowrap; }
td[style*="right"] { white-space: nowrap; }
code { overflow-wrap: anywhere; }
code { font: .88em ui-monospace, monospace; background: var(--soft); padding: .1em .3em;
  border-radius: .25rem; }
pre { background: var(--soft); padding: .8rem; overflow-x: auto; border-radius: .4rem; }
pre code { padding: 0; background: none; }
.parts { margin: .8rem 0; }
.parts > div { display: flex; gap: 2px; height: 1rem; border-radius: .3rem; overflow: hidden; }
.parts > div > span { min-width: 3px; }
.parts ul { display: flex; flex-wrap: wrap; gap: .2rem 1.2rem; list-style: none; padding: 0;
  margin: .5rem 0; font-size: .92rem; }
.parts li > span { display: inline-block; width: .8rem; height: .8rem; border-radius: .2rem;
  margin-right: .4rem; vertical-align: -.05rem; }
.part0 { background: #0969da; } .part1 { background: #54aeff; } .part2 { background: #8c959f; }
.part3 { background: #bf8700; } .part4 { background: #8250df; } .part5 { background: #1b7c83; }
summary { cursor: pointer; font-weight: 600; margin: .6rem 0; }
details { border-left: 3px solid var(--line); padding-left: .8rem; margin: .6rem 0; }
blockquote { color: var(--dim); border-left: 3px solid var(--line); margin-left: 0;
  padding-left: .8rem; }
@media (max-width: 40rem) {
  table { display: block; overflow-x: auto; } td { min-width: 5rem; }
  td:first-child { min-width: 11rem; }
}
"""


def framed(title: str, body: str) -> str:
    """The whole page; both are HTML already."""
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta http-equiv="Content-Security-Policy" content="default-src \'none\'; '
        "style-src 'unsafe-inline'\">\n"
        f"<title>{title}</title>\n<style>{STYLE}</style>\n</head>\n"
        f"<body>\n{body}\n</body>\n</html>\n"
    )
