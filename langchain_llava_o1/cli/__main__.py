"""Lets `python -m langchain_llava_o1.cli` stand for `llava-o1`."""

from langchain_llava_o1.cli import main

if __name__ == "__main__":
    main()
