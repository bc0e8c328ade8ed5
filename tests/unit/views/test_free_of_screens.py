"""Views are values: whoever reads one needs neither torch nor what draws on a terminal."""

import pkgutil
import subprocess
import sys

from annt_prof import views


def test_no_view_imports_what_draws_or_trains() -> None:
    modules = pkgutil.walk_packages(views.__path__, "annt_prof.views.")
    names = [module.name for module in modules]
    assert "annt_prof.views.progress" in names
    code = (
        f"import sys, {', '.join(names)}\n"
        "print({'torch', 'pandas', 'rich', 'textual', 'tensorboard'} & {*sys.modules})"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
