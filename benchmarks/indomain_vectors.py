"""Word vectors of in-domain text, by word2vec, for ``accuracy.py --ablations --vectors FILE``.

    pip install gensim
    python benchmarks/indomain_vectors.py build/vectors

writes ``ewt.50d.txt``, from en_ewt's train part, and ``wiki.50d.txt``, from wiki-en's train part and titles-en's
sentences. Skip-gram, 50 dimensions, window 3, words that occur at least twice, 10 epochs, seed 1.
"""

from __future__ import annotations

from pathlib import Path

from harness.results import DATA, WIKI, options, treebank

TEXTS = {"ewt": [treebank("en_ewt", "train")], "wiki": [WIKI.format("train"), "tutorial/data/titles-en-train.labeled"]}


def main() -> None:
    folder = Path(options(__doc__, "folder").folder)

    from gensim.models import Word2Vec

    from elman.data.formats import read_sentences

    folder.mkdir(parents=True, exist_ok=True)
    for name, files in TEXTS.items():
        text = [list(one.words) for file in files for one in read_sentences(str(DATA / file)) if one.words]
        model = Word2Vec(text, vector_size=50, window=3, min_count=2, sg=1, epochs=10, seed=1, workers=1)
        model.wv.save_word2vec_format(str(folder / f"{name}.50d.txt"))


if __name__ == "__main__":
    main()
