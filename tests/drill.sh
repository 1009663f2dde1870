# What the drills share; sourced by them.
say() { echo "$drill: $*"; }
fail() { echo "$drill: FAILED: $*" >&2; exit 1; }

# alike A B: whether both stores hold the same trials and curves to the bit; measured columns and the commit do not count.
alike() {
  "$report" compare "$1" "$2" > "$dir/compared" 2>&1 || fail "compare: $(cat "$dir/compared")"
  grep -q 'equal bit for bit, 0 differ, 0 only in A, 0 only in B' "$dir/compared"
}

# same FOLDER PLAIN WORDS: fails unless both hold the same bits.
same() {
  alike "$1" "$2" || fail "$1 differs from the undisturbed run: $(cat "$dir/compared")"
  say "$3: equal bit for bit"
}
