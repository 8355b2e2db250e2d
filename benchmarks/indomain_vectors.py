"""Word vectors of in-domain text, by word2vec, for ``accuracy.py --ablations --vectors FILE``.

    pip install gensim
    python benchmarks/indomain_vectors.py build/vectors

writes ``ewt.50d.txt``, of the words of en_ewt's train part, and ``wiki.50d.txt``, of those of wiki-en's train part and
of the sentences of titles-en's. Skip-gram, 50 numbers, a window of 3, words met twice, 10 epochs, seed 1.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

from accuracy_plan import DATA
from elman.data.formats import read_sentences


def words(name: str) -> Iterator[list[str]]:
    """The sentences of a file."""
    for sentence in read_sentences(str(DATA / name)):
        if sentence.words:
            yield list(sentence.words)


def main() -> None:
    from gensim.models import Word2Vec

    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    texts = {
        "ewt": ["ud/en_ewt/en_ewt-ud-train.conllu"],
        "wiki": ["tutorial/data/wiki-en-train.norm_pos", "tutorial/data/titles-en-train.labeled"],
    }
    for name, files in texts.items():
        some = [sentence for file in files for sentence in words(file)]
        model = Word2Vec(some, vector_size=50, window=3, min_count=2, sg=1, epochs=10, seed=1, workers=1)
        model.wv.save_word2vec_format(str(folder / f"{name}.50d.txt"))


if __name__ == "__main__":
    main()
