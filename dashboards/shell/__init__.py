"""The shell of every bench: page, slice viewer, URL, history, safe text, server.

In one screen::

    from radkit_dashboards.shell.page import BenchPage
    from radkit_dashboards.shell.viewer import SliceViewer
    from radkit_dashboards.shell import style, url
    from radkit_dashboards.shell.text import safe

    viewer = SliceViewer(case.image, case.mask)
    bench = BenchPage(
        title="Feature bench",
        question="What happens to the number when I turn this?",
        knobs=[bin_width, spacing, blur],
        picture=[viewer, histogram, heat_map],
        moved=[table],
        drawer={"Why it moved": stages, "Code": code, "Provenance": card},
        case_bar=case_selector,
    )
    problems = url.sync(state, bench.address, names=["case", "bin_width", "spacing_mm", "sigma_mm"])
    bench.notice = " ".join(problems)
    bench.on("undo", undo), bench.on("redo", redo), bench.on("reset", reset), bench.on("baseline", pin)
    bench.servable()
"""
