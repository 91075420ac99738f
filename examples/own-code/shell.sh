# A function of the shell. Reports go to file descriptor 3, one JSON object a line.
parabola() {
  for step in 1 2 3; do
    awk -v x="$1" -v y="$2" -v s="$step" 'BEGIN { printf "{\"step\": %d, \"height\": %.6f}\n", s, -(x - 1) ^ 2 - (y + 2) ^ 2 - 1 / s }' >&3
  done
}
