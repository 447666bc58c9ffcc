"""Every week and on demand: SFT, reward model, policy, evaluation, a person's approval, promotion."""

from datetime import timedelta

from airflow.providers.standard.operators.hitl import ApprovalOperator
from airflow.sdk import DAG, TaskGroup, task
from lakeloop import ONE_AT_A_TIME, LakeloopJob, RunSucceeded, evaluation_table, run_id, setting

NAME = "lakeloop_retrain"

with DAG(
    NAME,
    description=__doc__,
    schedule="@weekly",
    **ONE_AT_A_TIME,
    params={
        "train-sft.base-model": setting("string", "Model to start from: name/version, a folder, or none."),
        "train-sft.max-examples": setting("integer", "Answers to train on, at most.", minimum=1),
        "train-reward.snapshot": setting("string", "Snapshot of pairs; the latest where empty."),
        "train-reward.architecture": setting("string", "Reward model.", enum=[None, "linear", "transformer"]),
        "train-policy.algorithm": setting(
            "string", "How the policy learns.", enum=[None, "ppo", "grpo", "rloo", "reinforce", "dpo"]
        ),
        "train-policy.rollout.steps": setting("integer", "Steps, each with fresh answers.", minimum=1),
        "train-policy.kl.beta": setting("number", "KL coefficient.", minimum=0),
        "promote.alias": setting("string", "Alias that moves."),
        "promote.to": setting("string", "Environment to promote to; this one where empty."),
    },
) as dag:
    with TaskGroup("pairs") as pairs:
        RunSucceeded(task_id="wait-for-preferences", job="build-preferences", poke_interval=300, timeout=24 * 3600)
    with TaskGroup("sft") as sft:
        LakeloopJob(job="train-sft", dag_name=NAME)
    with TaskGroup("reward") as reward:
        LakeloopJob(job="train-reward", dag_name=NAME)
    with TaskGroup("policy") as policy:
        LakeloopJob(job="train-policy", dag_name=NAME)
    with TaskGroup("evaluation") as evaluation:
        LakeloopJob(job="evaluate-policy", dag_name=NAME)
    with TaskGroup("approval") as approval:

        @task(task_id="evidence")
        def evidence(run: str) -> str:
            return evaluation_table(run)

        evidence(run_id(NAME, "evaluate-policy")) >> ApprovalOperator(
            task_id="approve",
            subject="Promote the policy trained by " + run_id(NAME, "train-policy") + "?",
            body="{{ ti.xcom_pull('approval.evidence') }}",
            response_timeout=timedelta(days=7),
            retries=0,
        )
    with TaskGroup("promotion") as promotion:
        LakeloopJob(
            job="promote",
            dag_name=NAME,
            sets={"actor": "{{ ti.xcom_pull('approval.approve')['responded_by_user']['name'] }}"},
        )
    pairs >> sft >> reward >> policy >> evaluation >> approval >> promotion
