package io.lakeloop.jobs

import io.lakeloop.run.ProcessMemory

/** From the checkpoint to SFT, reward, DPO and PPO by adapters over it; run by -Pslow alone.
  */
class SmolLm2Spec extends SmolLm2 {
  private lazy val lake = new TestLake()

  /** Runs a job and says what it took, this process's greatest memory so far among it. */
  private def timed(job: String, run: String, settings: (String, String)*): Unit = {
    val begun = System.nanoTime()
    checked(lake, job, run, settings: _*)
    val seconds = (System.nanoTime() - begun) / 1e9
    val peak = ProcessMemory.peak().orElse(0L) / math.pow(2, 30)
    info(f"$job%-18s $seconds%6.0f s, $peak%.1f GiB at most")
  }

  private def metric(run: String, name: String): Seq[Double] =
    lake
      .sql(
        s"SELECT value FROM training_metrics WHERE run_id = '$run' AND metric = '$name' ORDER BY step"
      )
      .collect()
      .map(_.getDouble(0))
      .toSeq

  private def said(run: String, name: String): Seq[Double] = {
    val values = metric(run, name)
    info(f"$run $name: ${values.map(value => f"$value%.3f").mkString(" ")}")
    withClue(lake.output)(values should not be empty)
    values
  }

  describe("SmolLM2-135M-Instruct through the jobs") {
    it("is imported, and learns made-up conversations by LoRA", Slow) {
      assumeThere()
      timed("import-model", "m", "path" -> checkpoint.toString)
      timed(
        "ingest-logs",
        "i",
        "path" -> chats(temporary(), 24).toString,
        "consent" -> "training,evaluation"
      )
      timed("clean-logs", "c", "duplicates.near" -> "false")
      val from = Seq("base-model" -> "base-smollm2-135m-instruct/1", "learning-rate" -> "1e-3")
      timed("train-sft", "s", from ++ lora ++ Seq("batch-size" -> "8", "epochs" -> "2"): _*)
      val loss = said("s", "loss")
      loss.last should be < loss.head
    }

    it("scores a helpful answer above an idle one", Slow) {
      assumeThere()
      val path = pairs(temporary(), 24).toString
      timed("import-preferences", "p", "path" -> path, "source-is-clean" -> "true")
      timed(
        "train-reward",
        "r",
        lora ++ Seq(
          "architecture" -> "transformer",
          "transformer.learning-rate" -> "1e-3",
          "transformer.epochs" -> "2",
          "transformer.batch-size" -> "8"
        ): _*
      )
      val loss = said("r", "loss")
      loss.last should be < loss.head
    }

    it("moves to the chosen answers by DPO", Slow) {
      assumeThere()
      val dpo = Seq("algorithm" -> "dpo", "dpo.batch-size" -> "8", "dpo.learning-rate" -> "2e-4")
      timed("train-policy", "d", lora ++ dpo :+ ("name" -> "policy-dpo"): _*)
      said("d", "rewards/accuracies").last should be >= 0.5
    }

    it("takes three steps of PPO", Slow) {
      assumeThere()
      val ppo =
        Seq("value-model" -> "reward", "rollout.steps" -> "3", "rollout.prompts-per-step" -> "4")
      timed("train-policy", "o", lora ++ ppo :+ ("update.learning-rate" -> "2e-4"): _*)
      said("o", "score") should have size 3
      said("o", "tokens_per_second").min should be > 0.0
    }
  }
}
