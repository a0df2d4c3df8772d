"""LLaVA-o1 for LangChain and LangGraph: answers about pictures, searched stage by stage.

The public names load on first use, so that importing the package costs little and needs no model
library.
"""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from langchain_llava_o1.chat.model import ChatLlavaO1
    from langchain_llava_o1.chat.reward_model import HuggingFaceReward
    from langchain_llava_o1.judges.confidence import ConfidenceJudge
    from langchain_llava_o1.judges.function import FunctionJudge
    from langchain_llava_o1.judges.generative import GenerativeJudge
    from langchain_llava_o1.judges.judge import Comparison, PairwiseJudge, Scoring, ScoringJudge
    from langchain_llava_o1.judges.likelihood import LikelihoodJudge
    from langchain_llava_o1.judges.reward import RewardJudge
    from langchain_llava_o1.judges.verdict import Verdict
    from langchain_llava_o1.judges.voting import VotingJudge
    from langchain_llava_o1.pictures.reading import image_block
    from langchain_llava_o1.rag.collection import Collection, open_collection
    from langchain_llava_o1.rag.hashing_embeddings import HashingEmbeddings
    from langchain_llava_o1.rag.indexing import index_folder
    from langchain_llava_o1.rag.multimodal_rag import create_multimodal_rag
    from langchain_llava_o1.rag.retriever import MultimodalRetriever
    from langchain_llava_o1.rag.vision_tower_embeddings import VisionTowerEmbeddings
    from langchain_llava_o1.report.result import SearchResult
    from langchain_llava_o1.search.best_of_n import create_best_of_n
    from langchain_llava_o1.search.self_consistency import create_self_consistency
    from langchain_llava_o1.search.sentence_beam import SentenceBeamContext, create_sentence_beam
    from langchain_llava_o1.search.settings import SearchContext
    from langchain_llava_o1.search.single_pass import SinglePassContext, create_single_pass
    from langchain_llava_o1.search.stage_beam import StageBeamContext, create_stage_beam
    from langchain_llava_o1.search.swires import SwiresContext, create_swires
    from langchain_llava_o1.tool import VisualReasoningTool

    __version__: str

_HOMES = {
    "ChatLlavaO1": "langchain_llava_o1.chat.model",
    "Collection": "langchain_llava_o1.rag.collection",
    "Comparison": "langchain_llava_o1.judges.judge",
    "ConfidenceJudge": "langchain_llava_o1.judges.confidence",
    "FunctionJudge": "langchain_llava_o1.judges.function",
    "GenerativeJudge": "langchain_llava_o1.judges.generative",
    "HashingEmbeddings": "langchain_llava_o1.rag.hashing_embeddings",
    "HuggingFaceReward": "langchain_llava_o1.chat.reward_model",
    "LikelihoodJudge": "langchain_llava_o1.judges.likelihood",
    "MultimodalRetriever": "langchain_llava_o1.rag.retriever",
    "PairwiseJudge": "langchain_llava_o1.judges.judge",
    "RewardJudge": "langchain_llava_o1.judges.reward",
    "Scoring": "langchain_llava_o1.judges.judge",
    "ScoringJudge": "langchain_llava_o1.judges.judge",
    "SearchContext": "langchain_llava_o1.search.settings",
    "SearchResult": "langchain_llava_o1.report.result",
    "SentenceBeamContext": "langchain_llava_o1.search.sentence_beam",
    "SinglePassContext": "langchain_llava_o1.search.single_pass",
    "StageBeamContext": "langchain_llava_o1.search.stage_beam",
    "SwiresContext": "langchain_llava_o1.search.swires",
    "Verdict": "langchain_llava_o1.judges.verdict",
    "VisionTowerEmbeddings": "langchain_llava_o1.rag.vision_tower_embeddings",
    "VisualReasoningTool": "langchain_llava_o1.tool",
    "VotingJudge": "langchain_llava_o1.judges.voting",
    "create_best_of_n": "langchain_llava_o1.search.best_of_n",
    "create_multimodal_rag": "langchain_llava_o1.rag.multimodal_rag",
    "create_self_consistency": "langchain_llava_o1.search.self_consistency",
    "create_sentence_beam": "langchain_llava_o1.search.sentence_beam",
    "create_single_pass": "langchain_llava_o1.search.single_pass",
    "create_stage_beam": "langchain_llava_o1.search.stage_beam",
    "create_swires": "langchain_llava_o1.search.swires",
    "image_block": "langchain_llava_o1.pictures.reading",
    "index_folder": "langchain_llava_o1.rag.indexing",
    "open_collection": "langchain_llava_o1.rag.collection",
}

__all__ = [
    "ChatLlavaO1",
    "Collection",
    "Comparison",
    "ConfidenceJudge",
    "FunctionJudge",
    "GenerativeJudge",
    "HashingEmbeddings",
    "HuggingFaceReward",
    "LikelihoodJudge",
    "MultimodalRetriever",
    "PairwiseJudge",
    "RewardJudge",
    "Scoring",
    "ScoringJudge",
    "SearchContext",
    "SearchResult",
    "SentenceBeamContext",
    "SinglePassContext",
    "StageBeamContext",
    "SwiresContext",
    "Verdict",
    "VisionTowerEmbeddings",
    "VisualReasoningTool",
    "VotingJudge",
    "__version__",
    "create_best_of_n",
    "create_multimodal_rag",
    "create_self_consistency",
    "create_sentence_beam",
    "create_single_pass",
    "create_stage_beam",
    "create_swires",
    "image_block",
    "index_folder",
    "open_collection",
]


def __getattr__(name: str) -> Any:
    """Load a public name on first use."""
    if name == "__version__":
        value: Any = _installed_version()
    elif name in _HOMES:
        value = getattr(importlib.import_module(_HOMES[name]), name)
    else:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}; it has {', '.join(__all__)}")
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    """List the public names, loaded or not."""
    return sorted({*globals(), *__all__})


def _installed_version() -> str:
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version("langchain-llava-o1")
    except PackageNotFoundError:
        # A source tree on the path, never installed.
        return "0.0.0+uninstalled"
