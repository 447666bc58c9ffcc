"""Every day, after the feedback: raters' labels in, agreement with its gate, preference pairs out."""

from datetime import datetime, timedelta

from airflow.sdk import DAG, TaskGroup
from lakeloop import LakeloopJob, RunSucceeded, run_id, setting

NAME = "lakeloop_labels"

with DAG(
    NAME,
    description=__doc__,
    schedule="@daily",
    start_date=datetime(2026, 1, 1),
    catchup=False,
    max_active_runs=1,
    default_args={"retries": 3, "retry_delay": timedelta(minutes=2)},
    params={
        "ingest-labels.path": setting("string", "File, folder or glob of the day's labels; {date} is the logical date."),
        "ingest-labels.format": setting(
            "string", "Form of the files.", enum=[None, "long-csv", "long-parquet", "label-studio", "argilla"]
        ),
        "build-preferences.intended-use": setting("string", "What the pairs may be used for, separated by commas."),
    },
    tags=["lakeloop"],
) as dag:
    with TaskGroup("sampled") as sampled:
        RunSucceeded(
            task_id="wait-for-sample",
            run_id=run_id("lakeloop_feedback", "sample-for-labeling"),
            poke_interval=60,
            timeout=12 * 3600,
        )
    with TaskGroup("labels") as labels:
        LakeloopJob(job="ingest-labels", dag_name=NAME)
    with TaskGroup("agreement") as agreement:
        # Its gates fail the task with AGREEMENT_TOO_LOW, and no pairs are built.
        LakeloopJob(job="labeler-agreement", dag_name=NAME)
    with TaskGroup("preferences") as preferences:
        LakeloopJob(
            job="build-preferences",
            dag_name=NAME,
            sets={"agreement-run": run_id(NAME, "labeler-agreement")},
        )
    sampled >> labels >> agreement >> preferences
