"""Every day, after the feedback: raters' labels in, agreement with its gate, preference pairs out."""

from airflow.sdk import DAG, TaskGroup
from lakeloop import ONE_AT_A_TIME, LakeloopJob, RunSucceeded, run_id, setting

NAME = "lakeloop_labels"

with DAG(
    NAME,
    description=__doc__,
    schedule="@daily",
    **ONE_AT_A_TIME,
    params={
        "ingest-labels.path": setting("string", "File, folder or glob of the day's labels; {date} is the logical date."),
        "ingest-labels.format": setting(
            "string", "Form of the files.", enum=[None, "long-csv", "long-parquet", "label-studio", "argilla"]
        ),
        "build-preferences.intended-use": setting("string", "What the pairs may be used for, separated by commas."),
    },
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
