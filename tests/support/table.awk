# Reads the output of `cargo test` and prints how many tests ran on each engine. An engine is known by its word in the
# test's path (`badges::postgres::…`, `tail_on_redis`); a journey names several (`wishlist::postgres_redis_mongodb::…`);
# tests without one need none.
BEGIN {
  count = split("sqlite embedded in_process postgres redis mongodb chromium nodejs other", engines, " ")
  label["sqlite"] = "SQLite (inventory, embedded)"
  label["embedded"] = "SQLite documents (preferences, embedded)"
  label["in_process"] = "bus in process (embedded)"
  label["postgres"] = "PostgreSQL"
  label["redis"] = "Redis"
  label["mongodb"] = "MongoDB protocol" (mongodb == "" ? "" : " (" mongodb ")")
  label["chromium"] = "Chromium"
  label["nodejs"] = "graphql-js, Apollo Client (Node.js)"
  label["other"] = "no engine needed"
  while ((getline line < missing_file) > 0) { split(line, part, "\t"); absent[part[1]] = part[2] }
}
/^test .* \.\.\. (ok|FAILED|ignored)/ {
  if ($0 ~ /FAILED$/) { failures++; count_for($2, failed, 1) }
  else if ($0 ~ / \.\.\. ignored/) { ignored++ }
  else { passes++; count_for($2, passed, 1) }
}
# Such a test says `ok` all the same.
/^NOT RUN:/ { notrun[++notruns] = $0; count_for($3, passed, -1) }
# A test counts for every engine that its path names.
function count_for(path, counts, by,   i, named) {
  for (i = 1; i < count; i++) if (index(path, engines[i])) { counts[engines[i]] += by; named = 1 }
  if (!named) counts["other"] += by
}
END {
  passes -= notruns
  printf "\n%-44s %8s %8s\n", "engine", "passed", "failed"
  for (i = 1; i <= count; i++) {
    e = engines[i]
    if (e in absent) printf "%-44s %s\n", toupper(label[e]), "NOT RUN: " absent[e]
    else printf "%-44s %8d %8d\n", label[e], passed[e], failed[e]
  }
  if (notruns) { printf "\n%d TESTS WERE NOT RUN, THEIR SERVER IS MISSING:\n", notruns; for (i = 1; i <= notruns; i++) print "  " notrun[i] }
  printf "\n%d passed, %d failed, %d skipped\n", passes, failures, ignored + notruns
}
