# What the drills share; sourced by them.
say() { echo "$drill: $*"; }
fail() { echo "$drill: FAILED: $*" >&2; exit 1; }

# Results of a folder without what may differ between runs: measured columns and the commit.
bits() {
  awk -F, 'NR == 1 { for (i = 1; i <= NF; i++) keep[i] = $i !~ /(_time_s|_memory_bytes)$/ && $i != "commit" }
           { line = ""; for (i = 1; i <= NF; i++) if (keep[i]) line = line "," $i; print line }' "$1/results.csv"
}

# same FOLDER PLAIN WORDS: fails unless both hold the same bits.
same() {
  diff <(bits "$2") <(bits "$1") > /dev/null || fail "$1 differs from the undisturbed run"
  say "$3: equal bit for bit"
}
