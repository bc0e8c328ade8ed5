"""The steps side by side: a row sums to the step, however many categories find room."""

from annt_prof.categories import Category
from annt_prof.report.text.step_table import step_table
from annt_prof.views.step_table_view import StepRow, StepTable, build_step_table
from hand_made_analysis import STEPS, ns, step
from printed import printed

LONGEST_FIRST = (Category.BACKWARD, Category.FORWARD, Category.OPTIMIZER, Category.H2D_COPY)


def test_categories_that_took_time_the_longest_first():
    assert build_step_table(STEPS) == StepTable(
        categories=LONGEST_FIRST,
        rows=(
            StepRow("ProfilerStep#3", ns(90), (ns(52.3), ns(31.1), ns(4.7), ns(1.9)), 0),
            StepRow("ProfilerStep#4", ns(92.8), (ns(50.9), ns(33.5), ns(6.1), ns(2.3)), 0),
        ),
        decimals=2,
    )


def test_what_finds_no_room_is_among_the_others():
    table = build_step_table(STEPS)
    assert table.narrowed(2) == StepTable(
        categories=LONGEST_FIRST[:2],
        rows=(
            StepRow("ProfilerStep#3", ns(90), (ns(52.3), ns(31.1)), ns(4.7 + 1.9)),
            StepRow("ProfilerStep#4", ns(92.8), (ns(50.9), ns(33.5)), ns(6.1 + 2.3)),
        ),
        decimals=2,
    )
    assert table.narrowed(3).narrowed(2) == table.narrowed(2)
    assert table.narrowed(4) == table


def test_decimals_are_those_of_the_longest_step():
    assert build_step_table([step("short", 0, forward=0.8), STEPS[0]]).decimals == 2
    assert build_step_table([step("short", 0, forward=0.8)]).decimals == 3


def test_text_has_as_many_columns_as_the_width_allows():
    table = build_step_table(STEPS)
    wide = printed(lambda console: console.print(step_table(table, 120)), 120)
    assert "step wall ms backward forward optimizer h2d_copy others" in wide
    assert "ProfilerStep#3 90.00 52.30 31.10 4.70 1.90 0.00" in wide
    narrow = printed(lambda console: console.print(step_table(table, 60)), 60)
    assert "step wall ms backward forward others" in narrow
    assert "ProfilerStep#4 92.80 50.90 33.50 8.40" in narrow
