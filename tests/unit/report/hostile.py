"""Text that somebody hostile put into answers, names and messages."""

HOSTILE = {
    "ansi": "\x1b[2J\x1b[31mred\x1b[0m \x1b]8;;https://evil.example\x07click\x1b]8;;\x07 \x9b31m \x1bc",
    "ansi_unended": "before \x1b]0;title never ends",
    "workflow_command": "first\n::set-output name=verdict::pass\n::stop-commands::x",
    "workflow_command_repeated": "::::error::done :::warning::",
    "masking_command": "::add-mask::secret\n::group::title\n::endgroup::",
    "old_workflow_command": "##[error]done ###[command]",
    "mention": "ask @octocat or @acme/owners",
    "reference": "closes #1, GH-2, acme/shop#3, gh-4",
    "closing_words": "fixes #987, resolves acme/shop#987, closed https://github.com/acme/shop/issues/987",
    "fences": "\n".join(mark * length for mark in "`~" for length in range(1, 13)),
    "our_marks": "".join(
        f"\n<!-- ci-tools:{mark} -->"
        for mark in ("/now", "now", "end", 'state v9 {"marks":["x"]}', "part", "begin", "umbrella", "opened", "adopted")
    ),
    "fence": "```\n# no heading\n~~~\n    indented",
    "html": "<script>alert(1)</script><!-- <img src=x onerror=alert(1)> &lt;b&gt;",
    "link": "[click](https://evil.example) ![x](https://evil.example/p.png) <https://evil.example> www.evil.example",
    "link_definition": "[a]: https://evil.example\n[a]",
    "table": "a | b || c\\| d",
    "emphasis": "**bold** _it_ ~~gone~~ `code` $x$ :tada: snake_case_name",
    "block": "# heading\n> quote\n- item\n1. item\n---\n===",
    "right_to_left": "\u202etxt.exe\u2066\u200f \u200bzero\ufeff\u00ad",
    "zero_width": "@\u200docto\u200bcat #\u2060987 :\u200d:error::x <\u200b!-- ci-tools:end -->",
    "control": "nul\x00 bell\x07 back\b\b\b feed\x0c next\x85line\u2028 paragraph\u2029 delete\x7f",
    "surrogate": "half \udcff pair \ud800",
    "long": "x" * 1_000_000,
    "long_words": "word " * 200_000,
    "long_escape": "\x1b[" + "1;" * 500_000,
}
