"""What the notebooks share: SQL over an environment's published tables, and one look for all plots."""

from __future__ import annotations

import atexit
import os
from pathlib import Path
from typing import Callable

import matplotlib.pyplot as plt
import pandas as pd
from pyspark.sql import SparkSession

HOME = Path(__file__).resolve().parents[1]
INK, ACCENT, SECOND, WARN, PALE = "#24292f", "#1f6feb", "#2da44e", "#cf222e", "#d0d7de"

plt.rcParams.update(
    {
        "figure.figsize": (9, 3.6),
        "figure.dpi": 110,
        "figure.constrained_layout.use": True,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.titlelocation": "left",
        "axes.titleweight": "bold",
        "axes.edgecolor": PALE,
        "axes.labelcolor": INK,
        "axes.prop_cycle": plt.cycler(color=[ACCENT, SECOND, WARN, "#8250df", "#bf8700"]),
        "xtick.color": INK,
        "ytick.color": INK,
        "grid.color": PALE,
        "legend.frameon": False,
    }
)


def connect(environment: str = "local", lake: str = "") -> Callable[[str], pd.DataFrame]:
    """Opens an environment's lake, or another one; returns a function that answers SQL with a data frame."""
    conf = Path(os.environ.get("LAKELOOP_CONF", HOME / "conf"))
    os.environ.setdefault("SPARK_LOCAL_IP", "127.0.0.1")
    jars = f"{HOME}/jobs/target/lakeloop-jobs.jar:{HOME}/jobs/target/lib/*"
    builder = SparkSession.builder.master("local[*]").appName("notebook")
    settings = {
        **_properties(conf, environment),
        "spark.master": "local[*]",
        "spark.ui.enabled": "false",
        "spark.driver.extraClassPath": jars,
        "spark.driver.extraJavaOptions": f"-Dlog4j2.configurationFile=file:{HOME}/conf/log4j2.properties"
        " -Duser.timezone=UTC",
    }
    settings.pop("spark.dynamicAllocation.enabled", None)
    for key, value in settings.items():
        builder = builder.config(key, value)
    spark = builder.getOrCreate()
    atexit.register(spark.stop)
    jvm = spark._jvm
    environments = jvm.io.lakeloop.run.Environments(spark._jsparkSession, jvm.java.io.File(str(conf)).toPath())
    opened = environments.open(environment, lake) if lake else environments.open(environment)
    found = opened.lake().register()
    if found.isEmpty():
        raise FileNotFoundError(f"The lake {opened.lake().root()} holds no table. Run submit-scripts/quickstart, or set lake.")
    return lambda query: spark.sql(query).toPandas()


def _properties(conf: Path, environment: str) -> dict[str, str]:
    file = conf / environment / "spark-defaults.conf"
    lines = (line.strip() for line in (file if file.exists() else conf / "local" / file.name).read_text().splitlines())
    return dict(line.split(None, 1) for line in lines if line and not line.startswith("#"))


def intervals(axis: plt.Axes, rows: pd.DataFrame, label: str, color: str | list[str] = ACCENT) -> None:
    """Values with their 95 % intervals, one line each, the first on top."""
    rows = rows.iloc[::-1].reset_index(drop=True)
    colors = color[::-1] if isinstance(color, list) else [color] * len(rows)
    for place, row in rows.iterrows():
        if pd.notna(row["ci_low"]):
            axis.plot([row["ci_low"], row["ci_high"]], [place, place], color=colors[place], lw=2, alpha=0.45)
        axis.plot(row["value"], place, "o", color=colors[place], ms=6)
    axis.set_yticks(range(len(rows)), rows[label])
    axis.set_ylim(-0.6, len(rows) - 0.4)
    axis.grid(axis="x")
    axis.set_axisbelow(True)
