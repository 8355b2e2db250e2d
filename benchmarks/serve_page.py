"""Write the table of docs/guides/service.md from results/service.json."""

from harness import results, service

if __name__ == "__main__":
    results.options(__doc__)
    service.write_block()
