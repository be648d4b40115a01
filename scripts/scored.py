"""What scripts that judge predictions need of CSV files and scores, with nothing but Python."""
import gzip
import io
import pathlib


def opened(path):
    """The text of a CSV file, plain or by gzip."""
    data = pathlib.Path(path).read_bytes()
    return io.StringIO((gzip.decompress(data) if data[:2] == b"\x1f\x8b" else data).decode(), newline="")


def auc(scores, labels):
    """Share of the pairs in the right order; ties count half."""
    order = sorted(range(len(scores)), key=scores.__getitem__)
    positives = below = won = i = 0
    while i < len(order):
        end = i
        while end < len(order) and scores[order[end]] == scores[order[i]]:
            end += 1
        ones = sum(labels[j] for j in order[i:end])
        won += ones * (below + (end - i - ones) / 2)
        positives += ones
        below += end - i - ones
        i = end
    return won / (positives * below)
