"""The project file `headwater.yaml`: what a team describes once. Every setting has a default that serves."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field, model_validator

from schemas.dataset_section import DatasetSection, PiiSection
from schemas.evaluation import GateMetric
from schemas.feature import FeatureSection, FunctionSection
from schemas.identity import digest
from schemas.operations import OperationsSection
from schemas.push import PushOptions
from schemas.rerank import RerankSection
from schemas.runner import Runner, RunnerSection
from schemas.section import AclEntry, Duration, Name, Schedule, Section, Share, wrong, wrong_at
from schemas.serve import LogsSection, ServeSection
from schemas.settings import advice


class StoreSection(Section):
    """Where the tables live."""

    uri: str = ".headwater"
    storage_options: dict[str, str] = {}


class ChunkerSection(Section):
    """How documents are cut: a chunker's name (or import string) and its own settings."""

    model_config = ConfigDict(frozen=True, extra="allow")
    type: str = "headings"

    @property
    def params(self) -> dict[str, Any]:
        """The chunker's own settings."""
        return dict(self.model_extra or {})


class EmbedderSection(Section):
    """Which model embeds: a sentence-transformers model by name or path."""

    model: str = "sentence-transformers/all-MiniLM-L6-v2"
    revision: str | None = None
    query_prompt: str | None = None
    document_prompt: str | None = None
    device: str = "auto"
    token_signs: bool = True
    """Whether each chunk keeps the signs of its tokens' vectors, 48 bytes a token, for `maxsim_weight`."""


class IndexSection(Section):
    """A chunker and an embedder, by name."""

    chunker: ChunkerSection = ChunkerSection()
    embed_text: tuple[Literal["title", "headings", "lead", "text"], ...] = (
        "title",
        "headings",
        "lead",
        "text",
    )
    """What is embedded of a chunk; the lead is the first words of its document."""
    embedder: EmbedderSection = EmbedderSection()

    @model_validator(mode="after")
    def _embeds_the_text(self) -> IndexSection:
        if "text" not in self.embed_text:
            raise wrong("embed_text must contain 'text'", "add text to it, or leave embed_text out")
        return self


ENDINGS = (
    "md", "markdown", "html", "htm", "rst", "txt", "docx", "pptx", "xlsx", "pdf", "csv", "json", "jsonl",
    "eml", "epub", "xml",
)  # fmt: skip
"""Files that a source of type `files` lists unless its `include` says otherwise: those it can read."""


class FilesOptions(Section):
    """What a source of type `files` takes besides the common settings."""

    uri: str
    include: tuple[str, ...] = tuple(f"**/*.{ending}" for ending in ENDINGS)
    exclude: tuple[str, ...] = ("**/.git/**", "**/node_modules/**", "**/.headwater/**")
    follow_symlinks: bool = False
    max_bytes: Annotated[int, Field(ge=1)] = 100 * 1024**2


MessageField = Literal[
    "thread", "messages", "id", "author", "at", "text", "reply_to", "reactions", "channel", "quoted"
]
"""What a message of a thread may say."""

SOURCE_OPTIONS: dict[str, type[Section]] = {"files": FilesOptions, "push": PushOptions}
"""Built-in source types and their own settings; any other type is an import string that checks its own."""


class SourceSection(Section):
    """A place whose items are kept up to date. A source without `acl` is an error: unknown means closed."""

    model_config = ConfigDict(frozen=True, extra="allow")
    type: str
    acl: Annotated[tuple[AclEntry, ...], Field(min_length=1)]
    owner: str | None = None
    language: str = "en"
    labels: dict[str, str] = {}
    schedule: Schedule | None = None
    records: Literal["rows", "file", "threads"] = "file"
    """Of files that hold records: a document per row, per file, or per thread of chat messages."""
    record_key: str | None = None
    title: str | None = None
    text: tuple[str, ...] = ()
    time: str | None = None
    fields: dict[MessageField, str] = {}
    """With `records: threads`: what a message's fields are called where the usual names do not fit."""
    acl_column: str | None = None
    parsers: dict[str, str] = {}
    max_age: Duration | None = None
    """What its source changed longer ago than this is no longer put into a context."""
    half_life: Duration | None = None
    """A passage this much older than the release counts half."""

    @model_validator(mode="after")
    def _fields_are_of_messages(self) -> SourceSection:
        if self.fields and self.records != "threads":
            raise wrong_at(("fields",), "names a message's fields", "write records: threads beside it")
        return self

    @model_validator(mode="after")
    def _options_fit_the_type(self) -> SourceSection:
        if self.type in SOURCE_OPTIONS:
            SOURCE_OPTIONS[self.type].model_validate(self.options)
        elif ":" not in self.type:
            known = sorted(SOURCE_OPTIONS)
            raise wrong_at(
                ("type",),
                f"{self.type!r} is neither built in ({', '.join(known)}) nor an import string module:name",
                advice(self.type, known),
            )
        return self

    @property
    def options(self) -> dict[str, Any]:
        """The source type's own settings."""
        return dict(self.model_extra or {})

    @property
    def meta_hash(self) -> str:
        """Hash of what the project file says of every document of the source, without its content."""
        labels = [f"{name}={value}" for name, value in sorted(self.labels.items())]
        return digest("meta", *sorted(self.acl), self.language, self.owner or "", *labels)


class ContextViewSection(Section):
    """A named way to assemble a context."""

    index: Name = "default"
    sources: tuple[Name, ...] = ()
    """None means all of them."""
    features: tuple[Name, ...] = ()
    """Entity tables whose facts, for the entities a request names, go before the retrieved passages."""
    functions: tuple[FunctionSection, ...] = ()
    """What is asked for every request, by a function or over HTTP."""
    budget_tokens: Annotated[int, Field(ge=64, le=1_000_000)] = 2_000
    reserve_tokens: Annotated[int, Field(ge=0)] = 0
    """Of the budget: what is left free for the answer."""
    top_k: Annotated[int, Field(ge=1, le=100)] = 50
    """Passages at most, where the budget is not the limit."""
    depth: Annotated[int, Field(ge=1, le=1_000)] = 100
    vector_weight: Share = 0.47
    """Share of the vector leg in the fused score; the rest is the keyword leg's."""
    margin_weight: Share = 0.3
    """By what share of itself that grows where the nearest passage stands out from the tenth."""
    center_weight: Share = 0.2
    """How far a question's vector moves away from the mean of all that may be found."""
    name_weight: Share = 0.25
    """What a document gains whose title, file name or label the question names."""
    coverage_weight: Share = 0.2
    """What a passage gains that has all of the question's words."""
    maxsim_weight: Share = 0.3
    """What the best passage gains by its tokens' likeness to the question's, of those the legs put first."""
    cluster_weight: Share = 0.2
    """What the passage gains that is most like the best of those found."""
    support_weight: Share = 0.04
    """What a passage gains from each of the four before and the four after it that were found too."""
    neighbors: Annotated[int, Field(ge=0, le=8)] = 1
    """Chunks before and after a passage that may join it: each goes before hits with .6 of its score."""
    order: Literal["relevance", "edges", "source"] = "relevance"
    """How passages stand in the prompt: best first, best at both ends, or as in their documents."""
    template: str | None = None
    """A Jinja2 file that writes the prompt; see `transforms/template.py`."""
    rerank: RerankSection | None = None
    """A cross-encoder that orders the best passages anew; all works without."""
    min_score: Share | None = None
    """Below this confidence nothing is relevant; else what `headwater evaluate --fit-threshold` fitted."""


class LlmSection(Section):
    """A language model behind any endpoint that speaks OpenAI's protocol. Without it, all but `ask` works."""

    base_url: str
    """Such as http://localhost:11434/v1."""
    model: str
    api_key: Annotated[str | None, Field(repr=False)] = None
    """Written as ${NAME}; never in the file itself."""
    max_tokens: Annotated[int, Field(ge=1)] = 1_024
    """Tokens of an answer at most."""
    timeout: Duration = "60s"
    price_per_million: tuple[Annotated[float, Field(ge=0)], Annotated[float, Field(ge=0)]] | None = None
    """What a million tokens read and a million written cost, for estimates."""


class KeepSection(Section):
    """How releases thin out with age: all of the last day, one an hour for a week, one a day for 90."""

    all: Duration = "24h"
    hourly: Duration = "7d"
    daily: Duration = "90d"
    reader_grace: Duration = "1h"
    """How long the tables of an expired release stay for readers that have opened it."""


class EvaluationSection(Section):
    """Questions whose answers are known, and the least a release must make of them to be published."""

    queries: Annotated[str, Field(min_length=1)]
    """A BEIR-shaped folder or a JSONL file, relative to the project file."""
    metric: GateMetric = "ndcg@10"
    min: Share
    view: Name | None = None
    """The context view the questions are asked through; without it, the default one."""


class PolicySection(Section):
    """When a run is refused, and what stays when an item no longer passes."""

    max_rejected_share: Share = 0.02
    min_rejected: Annotated[int, Field(ge=0)] = 3
    """So many rejected items never stop a publish, however small the source."""
    max_shrink_share: Share = 0.2
    max_redo_share: Share = 0.2
    on_reject: Literal["keep", "remove"] = "keep"
    keep: KeepSection = KeepSection()
    logs: LogsSection = LogsSection()
    evaluation: EvaluationSection | None = None
    pii: PiiSection = PiiSection()


class Project(Section):
    """The whole file, checked."""

    project: Name
    store: StoreSection = StoreSection()
    indexes: dict[Name, IndexSection] = {"default": IndexSection()}
    sources: dict[Name, SourceSection] = {}
    features: dict[Name, FeatureSection] = {}
    context_views: dict[Name, ContextViewSection] = {"default": ContextViewSection()}
    datasets: dict[Name, DatasetSection] = {}
    llm: LlmSection | None = None
    serve: ServeSection = ServeSection()
    runner: Runner = RunnerSection()
    policy: PolicySection = PolicySection()
    operations: OperationsSection = OperationsSection()

    @model_validator(mode="after")
    def _names_exist(self) -> Project:
        for name in self.features.keys() & self.sources.keys():
            raise wrong_at(
                ("features", name),
                f"{name!r} is a source's name too",
                "give one of them another name: `--source` takes either",
            )
        for view, section in self.context_views.items():
            place = ("context_views", view)
            _known((*place, "index"), "index", section.index, self.indexes)
            for n, source in enumerate(section.sources):
                _known((*place, "sources", n), "source", source, self.sources)
            for n, feature in enumerate(section.features):
                _known((*place, "features", n), "feature", feature, self.features)
        for dataset, definition in self.datasets.items():
            place = ("datasets", dataset)
            _known((*place, "source"), "source", definition.source, self.sources)
            _known((*place, "context_view"), "context view", definition.context_view, self.context_views)
        if self.policy.evaluation is not None:
            place = ("policy", "evaluation")
            _known((*place, "view"), "context view", self.policy.evaluation.view, self.context_views)
        return self


def _known(place: tuple[str | int, ...], kind: str, name: str | None, there: dict[str, Any]) -> None:
    if name is not None and name not in there:
        raise wrong_at(place, f"names {kind} {name!r}, which is not defined", advice(name, sorted(there)))
