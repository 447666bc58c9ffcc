"""What the DAGs share: how a job is submitted, how its run is named, and what is asked of the lake.

Set by the worker's environment:
  LAKELOOP_HOME     folder of a built checkout (jobs/target, conf, submit-scripts); the one that this file lies in
  LAKELOOP_CONF     folder of settings; LAKELOOP_HOME/conf
  LAKELOOP_ENV      environment: a folder of LAKELOOP_CONF; local
  LAKELOOP_CLUSTER  standalone, yarn or kubernetes, for conf/clusters; none for local[*]
  LAKELOOP_CLUSTER_SECRET  file with the secret of a standalone cluster
The master is the host of the Airflow connection lakeloop_spark.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any

import yaml
from airflow.providers.apache.spark.operators.spark_submit import SparkSubmitOperator
from airflow.sdk import BaseSensorOperator, Param
from airflow.sdk.exceptions import AirflowException, AirflowFailException

HOME = Path(os.environ.get("LAKELOOP_HOME", Path(__file__).resolve().parents[3]))
CONF = Path(os.environ.get("LAKELOOP_CONF", HOME / "conf"))
ENVIRONMENT = os.environ.get("LAKELOOP_ENV", "local")
CLUSTER = os.environ.get("LAKELOOP_CLUSTER", "")
CONNECTION = "lakeloop_spark"

# What all three DAGs have: no catching up by itself, one run at a time, and patience with machines that fail.
ONE_AT_A_TIME: dict[str, Any] = {
    "start_date": datetime(2026, 1, 1),
    "catchup": False,
    "max_active_runs": 1,
    "default_args": {"retries": 3, "retry_delay": timedelta(minutes=2)},
    "tags": ["lakeloop"],
}

# The logical date names a run's slices, so that a retry, a second run or a backfill of the date writes the same.
DATE = "(dag_run.logical_date or dag_run.run_after)"
STAMP = "{{ " + DATE + ".strftime('%Y%m%dT%H%M%S') }}"


def run_id(dag: str, job: str) -> str:
    """The run id of a job in a DAG's run, as a template."""
    return f"{dag.removeprefix('lakeloop_')}-{STAMP}-{job}"


def setting(kind: str, description: str, **schema: Any) -> Param:
    """A parameter that stands for one --set key; where it is left empty, the settings file holds."""
    return Param(None, type=["null", kind], description=description, **schema)


def cluster_settings(cluster: str) -> dict[str, str]:
    """What conf/clusters says of a cluster manager; a key that stands alone takes the environment's value away."""
    lines = (line.strip() for line in (HOME / "conf" / "clusters" / f"{cluster}.conf").read_text().splitlines())
    pairs = (line.split(None, 1) for line in lines if line and not line.startswith("#"))
    return {key: " ".join(value) for key, *value in pairs}


def _process_environment() -> dict[str, str]:
    lines = (line.strip() for line in (HOME / "conf" / "process.env").read_text().splitlines())
    defaults = dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))
    return {"DJL_CACHE_DIR": str(HOME / "jobs/target/djl"), **defaults}


def _spark_settings() -> dict[str, str]:
    lib = f"{HOME}/jobs/target/lib/*"
    return {
        **(cluster_settings(CLUSTER) if CLUSTER else {}),
        "spark.driver.extraClassPath": lib,
        "spark.executor.extraClassPath": lib,
        "spark.driver.extraJavaOptions": f"-Dlog4j2.configurationFile=file:{HOME}/conf/log4j2.properties"
        " -Dai.djl.offline=true -Duser.timezone=UTC",
    }


@contextmanager
def _spark_defaults() -> Iterator[Path]:
    """The environment's Spark settings; for a standalone cluster with its secret, in a file of our own while the job runs."""
    if CLUSTER != "standalone":
        yield _defaults()
        return
    secret = Path(os.environ["LAKELOOP_CLUSTER_SECRET"]).read_text().strip()
    with NamedTemporaryFile("w", suffix=".conf") as file:
        file.write(f"{_defaults().read_text()}\nspark.authenticate.secret {secret}\n")
        file.flush()
        yield Path(file.name)


class LakeloopJob(SparkSubmitOperator):
    """Submits one job. Parameters of the DAG that are named job.key become --set key=value.

    A task that Airflow runs again keeps its run id: it writes the same slice, and is refused while an earlier driver of
    it is still alive. What a person must mend (exit code 2) is not tried again.
    """

    def __init__(self, *, job: str, dag_name: str, sets: dict[str, str] | None = None, **kwargs: Any) -> None:
        kwargs.setdefault("task_id", job)
        arguments = [job, "--conf", str(CONF), "--env", ENVIRONMENT, "--run-id", run_id(dag_name, job)]
        for key, value in (sets or {}).items():
            arguments += ["--set", f"{key}={value}"]
        super().__init__(
            conn_id=CONNECTION,
            name=f"lakeloop-{job}",
            application=str(HOME / "jobs/target/lakeloop-jobs.jar"),
            java_class="io.lakeloop.jobs.Main",
            properties_file=str(_defaults()),
            conf=_spark_settings(),
            env_vars=_process_environment(),
            application_args=arguments,
            deploy_mode="client",
            **kwargs,
        )
        self.job = job

    def execute(self, context: Any) -> Any:
        when = context["dag_run"].logical_date or context["dag_run"].run_after
        for name, value in sorted(context["params"].items()):
            job, _, key = name.partition(".")
            if job == self.job and value is not None:
                text = str(value).lower() if isinstance(value, bool) else str(value)
                self.application_args += ["--set", f"{key}={text.replace('{date}', f'{when:%Y-%m-%d}')}"]
        with _spark_defaults() as properties:
            self.properties_file = str(properties)
            return self._submit(context)

    def _submit(self, context: Any) -> Any:
        try:
            return super().execute(context)
        except AirflowException as failure:
            if "Error code is: 2." in str(failure):
                raise AirflowFailException(f"{self.job} says what to mend in the lines above") from failure
            raise


def _defaults() -> Path:
    """The environment's Spark settings, or those of the one that it inherits from."""
    name = ENVIRONMENT
    while not (CONF / name / "spark-defaults.conf").exists():
        name = _environment(name)["inherits"]
    return CONF / name / "spark-defaults.conf"


def _environment(name: str) -> dict[str, Any]:
    return yaml.safe_load((CONF / name / "environment.yaml").read_text())


def query(table: str, sql: str) -> list[dict[str, Any]]:
    """Asks one published table of the lake; the table is called t."""
    import pyarrow
    from deltalake import DeltaTable, QueryBuilder

    lake = _environment(ENVIRONMENT)["lake"].replace("s3a://", "s3://")
    rows = QueryBuilder().register("t", DeltaTable(f"{lake}/tables/{table}")).execute(sql)
    return pyarrow.table(rows).to_pylist()


class RunSucceeded(BaseSensorOperator):
    """Waits until runs says that a run has succeeded: the one named, or any of a job."""

    template_fields = ("run_id",)

    def __init__(self, *, run_id: str | None = None, job: str | None = None, **kwargs: Any) -> None:
        super().__init__(mode="reschedule", **kwargs)
        self.run_id = run_id
        self.job = job

    def poke(self, context: Any) -> bool:
        which = f"run_id = '{self.run_id}'" if self.run_id else f"job = '{self.job}'"
        try:
            found = query("runs", f"SELECT count(*) AS n FROM t WHERE {which} AND status = 'SUCCEEDED'")
        except Exception as failure:  # the table comes with the first run
            self.log.info("no runs yet: %s", failure)
            return False
        return found[0]["n"] > 0


def evaluation_table(run: str) -> str:
    """What a run measured, as Markdown for the person who decides."""
    rows = query(
        "evaluations",
        "SELECT metric, value, ci_low, ci_high FROM t"
        f" WHERE run_id = '{run}' AND slice_kind = 'all' ORDER BY metric",
    )
    cells = [f"| {r['metric']} | {r['value']:.4f} | {_number(r['ci_low'])} to {_number(r['ci_high'])} |" for r in rows]
    return "\n".join(["| metric | value | 95 % interval |", "|---|---|---|", *cells])


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.4f}"
