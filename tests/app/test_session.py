"""What a session keeps of what was asked in it."""

from langchain_llava_o1 import SearchResult
from langchain_llava_o1.app.session import Session, draw_again, report_file
from langchain_llava_o1.pictures.blocks import image_block
from langchain_llava_o1.search.strategy import Strategy
from langchain_llava_o1.tiny import demo_picture_path
from tests.report.searched import candidate, knocked_out, result_of, step


def asked(question: str, answer: str = "3") -> SearchResult:
    records = {"caption": step([candidate(0)])}
    settings = {"seed": 7, "candidates": 1}
    pictures = (image_block(demo_picture_path()),)
    return result_of(records, question=question, answer=answer, settings=settings, pictures=pictures)


def test_answers_are_listed_the_latest_first() -> None:
    session = Session()
    assert session.draw().strip() == ""
    session.add(Strategy("stage-beam", "likelihood"), asked("How many <stars>?"))
    session.add(Strategy("greedy"), asked("Which colour?", "red"))
    drawn = session.draw()
    assert drawn.index("Which colour?") < drawn.index("How many &lt;stars&gt;?")
    assert "stage-beam, likelihood judge, 1 candidate, seed 7" in drawn
    assert session.result_at(0).answer == "red"
    assert session.result_at(1).answer == "3"
    assert 'data-place="1"' in drawn


def test_the_oldest_answers_are_forgotten() -> None:
    session = Session()
    for number in range(40):
        session.add(Strategy(), asked(f"Question {number}?"))
    assert session.draw().count("<button") == 30
    assert "Question 39?" in session.draw()
    assert "Question 9?" not in session.draw()


def test_an_answer_is_drawn_again_with_its_question_and_picture() -> None:
    drawn = draw_again(asked("How many?"), key="again")
    assert "How many?" in drawn
    assert "data:image/png;base64," in drawn
    assert 'id="step-again-1"' in drawn


def test_a_report_is_a_file_until_it_is_passed_on() -> None:
    result = knocked_out(candidates=2)
    with report_file(result) as path:
        assert path.read_text(encoding="utf-8") == result.to_html()
    assert not path.exists()
