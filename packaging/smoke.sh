#!/bin/sh
# Tries an installed elman: trains a tagger on invented sentences, tags, evaluates, and asks for something wrong. Written
# as Debian's autopkgtest wants it (packaging/debian/tests/control); needs `elman` on PATH, a POSIX shell, no network.
set -eu

# The poorest locale there is: text is UTF-8 all the same.
export LC_ALL=C
unset LANG LANGUAGE PYTHONUTF8 PYTHONIOENCODING 2> /dev/null || true

own=
if [ -z "${AUTOPKGTEST_TMP:-}" ]; then
    AUTOPKGTEST_TMP=$(mktemp -d)
    own=$AUTOPKGTEST_TMP
fi
trap '[ -z "$own" ] || rm -rf "$own"' EXIT
cd "$AUTOPKGTEST_TMP"

fail() {
    echo "smoke: $1" >&2
    exit 1
}

echo "== versions"
elman --version
elman info

echo "== train"
for noun in dog cat bird fish kedi balık; do
    for verb in sleeps eats sings swims waits; do
        echo "the_DET ${noun}_NOUN ${verb}_VERB ._PUNCT"
        echo "it_PRON ${verb}_VERB near_ADP a_DET small_ADJ ${noun}_NOUN ._PUNCT"
        echo "the_DET small_ADJ ${noun}_NOUN ${verb}_VERB near_ADP it_PRON ._PUNCT"
    done
done > train.txt
printf '%s\n' 'a_DET dog_NOUN sings_VERB near_ADP it_PRON ._PUNCT' 'it_PRON eats_VERB the_DET small_ADJ fish_NOUN ._PUNCT' > dev.txt
elman train train.txt --dev dev.txt --preset fast --seed 1 --quiet -o my.model
[ -s my.model ] || fail "elman train wrote no model"

echo "== tag"
echo "the small balık waits ." > new.txt
elman tag my.model new.txt > tagged.txt
cat tagged.txt
[ "$(cat tagged.txt)" = "the_DET small_ADJ balık_NOUN waits_VERB ._PUNCT" ] || fail "unexpected tags"
elman tag my.model < new.txt | cmp - tagged.txt || fail "standard input is tagged otherwise"

echo "== evaluate"
elman evaluate my.model dev.txt

echo "== inspect"
elman inspect my.model

echo "== bad input"
echo "the_DET dog" > bad.txt
for command in "elman tag no-such.model new.txt" "elman tag train.txt new.txt" "elman evaluate my.model bad.txt --format word_tag"; do
    status=0
    $command > out.txt 2> err.txt || status=$?
    cat err.txt
    [ "$status" -eq 2 ] || fail "$command: expected exit status 2, got $status"
    [ "$(wc -l < err.txt)" -eq 1 ] || fail "$command: expected one line of error"
    [ ! -s out.txt ] || fail "$command: unexpected output"
done

echo "smoke: all is well"
