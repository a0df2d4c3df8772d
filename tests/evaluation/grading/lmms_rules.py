"""The rules of lmms-eval, where it is installed, behind one signature each. Its models are never asked."""

import os
from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any


class LmmsRules:
    """What lmms-eval 0.7.3 reads without a model."""

    def __init__(self) -> None:
        """Import it.

        Raises:
            ImportError: If it is not installed, or its requirements are not.
        """
        # It makes clients of its judges when it is imported; they are not used.
        os.environ.setdefault("OPENAI_API_KEY", "none")
        from lmms_eval.tasks._task_utils.mcq_extract import extract_mcq_answer
        from lmms_eval.tasks.ai2d.utils import MultiChoiceRegexFilter
        from lmms_eval.tasks.mathvista.mathvista_evals import MathVistaEvaluator
        from lmms_eval.tasks.mmbench.mmbench_evals import MMBench_Evaluator
        from lmms_eval.tasks.mmvet import utils as mmvet

        self._extract: Any = extract_mcq_answer
        self._filter: Any = MultiChoiceRegexFilter(regex_pattern="([A-Z])\\.", group_select=0)
        self._mmvet: Any = mmvet
        self._mmbench: Any = MMBench_Evaluator()
        self._mathvista: Any = MathVistaEvaluator()
        self._mathvista.get_chat_response = lambda *given, **named: ""

    def read_mmstar(self, text: str, options: Mapping[str, str]) -> str | None:
        letter = self._extract(text, choices=list(options))
        return str(letter) or None

    def read_ai2d(self, text: str, options: Mapping[str, str]) -> str | None:
        """Follow its filter, then its metric: equal to a letter without case and punctuation."""
        (kept,) = self._filter.apply([[text]], [{}])
        letter = "".join(character for character in kept.upper() if character.isalnum() or character == " ")
        return letter if letter in options else None

    def read_mmbench(self, text: str, options: Mapping[str, str]) -> str | None:
        return self._mmbench.can_infer(text, dict(options)) or None

    def is_number_right(self, text: str, answer_type: str, precision: int, answer: str) -> bool | None:
        """Tell whether its rule takes a number for right; None where it would ask its judge."""
        problem = {"question_type": "free_form", "answer_type": answer_type, "choices": [], "query": ""}
        extraction = self._mathvista.extract_answer(text, problem)
        if extraction == "":
            return None
        value = self._mathvista.normalize_extracted_answer(
            extraction, [], "free_form", answer_type, precision
        )
        return bool(self._mathvista.safe_equal(value, answer))

    def read_score(self, told: str) -> float | None:
        """Follow its loop about a judge whose first reply is given, and whose others are empty."""
        replies = iter([told])
        num_asked = 0

        def tell(*given: Any, **named: Any) -> tuple[str, str]:
            nonlocal num_asked
            num_asked += 1
            return next(replies, ""), "judge"

        self._mmvet.get_chat_response = tell
        self._mmvet.time = SimpleNamespace(sleep=lambda seconds: None)
        document = {"question": "", "answer": "", "question_id": "", "capability": ""}
        score = float(self._mmvet.mmvet_process_results(document, [""])["gpt_eval_score"]["score"])
        return score if num_asked == 1 else None
