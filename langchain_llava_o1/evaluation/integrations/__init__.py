"""Programs of others that ask questions and grade answers: lmms-eval and LangSmith."""
