#!/bin/sh
# Prints `--profile` for each runtime that this machine has, and says on stderr which it lacks.
for profile in python:python3 go:go java:java; do
  command=${profile#*:}
  if command -v "$command" >/dev/null 2>&1; then
    printf -- '--profile %s ' "${profile%%:*}"
  else
    echo "without ${profile%%:*}: there is no $command" >&2
  fi
done
echo
