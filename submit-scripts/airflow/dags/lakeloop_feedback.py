"""Every day: logs in, cleaned, sampled for labeling, and what is too old out."""

from datetime import timedelta

from airflow.sdk import DAG, TaskGroup
from lakeloop import ONE_AT_A_TIME, LakeloopJob, setting

NAME = "lakeloop_feedback"

with DAG(
    NAME,
    description=__doc__,
    schedule="@daily",
    **ONE_AT_A_TIME,
    params={
        "ingest-logs.path": setting("string", "File, folder or glob of the day's logs; {date} is the logical date."),
        "ingest-logs.source-system": setting("string", "System that the logs come from."),
        "sample-for-labeling.items": setting("integer", "Items to draw.", minimum=1),
        "sample-for-labeling.gold-questions": setting("string", "File with questions whose answers are known."),
        "enforce-retention.requests": setting("string", "JSON lines of people who ask to be deleted."),
    },
) as dag:
    with TaskGroup("ingest") as ingest:
        LakeloopJob(job="ingest-logs", dag_name=NAME)
    with TaskGroup("clean") as clean:
        LakeloopJob(job="clean-logs", dag_name=NAME)
    with TaskGroup("sample") as sample:
        LakeloopJob(job="sample-for-labeling", dag_name=NAME)
    with TaskGroup("retention") as retention:
        # It waits for trainings that read what it may delete.
        LakeloopJob(job="enforce-retention", dag_name=NAME, retries=40, retry_delay=timedelta(minutes=30))
    ingest >> clean >> sample >> retention
