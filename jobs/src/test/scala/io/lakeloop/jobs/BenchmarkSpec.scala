package io.lakeloop.jobs

import io.lakeloop.session.TaskDevice
import org.apache.spark.TaskContext

class BenchmarkSpec extends LoopSpec {
  describe("benchmark-lm") {
    it("prints its table and keeps the figures") {
      val lake = new TestLake()
      val settings = Seq(
        "model.vocab-size" -> "100",
        "model.hidden-size" -> "32",
        "model.intermediate-size" -> "64",
        "model.layers" -> "2",
        "model.heads" -> "2",
        "model.key-value-heads" -> "1",
        "threads" -> "1",
        "batch-size" -> "2",
        "sequence-length" -> "16",
        "generation-batch-sizes" -> "1,8",
        "prompt-tokens" -> "4",
        "new-tokens" -> "6",
        "repeats" -> "2"
      )
      withClue(lake.output)(lake.submit("benchmark-lm", "b1", settings: _*) shouldBe 0)
      for (
        line <- Seq("train, all weights", "train, LoRA r=8", "generate, batch 8", "peak memory")
      ) {
        lake.output should include(line)
      }
      lake.count("training_metrics", "run_id = 'b1' AND metric LIKE '%/matmul_share'") shouldBe 5
      lake.count("training_metrics", "metric LIKE '%tokens_per_second' AND value <= 0") shouldBe 0
      lake.count("training_metrics", "metric = 'generate, batch 8/cache_speedup'") shouldBe 1
    }

    it("refuses batch sizes that are none") {
      val lake = new TestLake()
      lake.submit("benchmark-lm", "b2", "generation-batch-sizes" -> "1,many") shouldBe 2
      lake.output should include("generation-batch-sizes must be whole numbers")
    }
  }

  describe("benchmark-training") {
    it("measures every phase on one executor and on two, and computes many") {
      val lake = new TestLake()
      val settings = Seq(
        "hidden-sizes" -> "64",
        "vocab-size" -> "300",
        "layers" -> "1",
        "completion-tokens" -> "4",
        "prompts-per-step" -> "8",
        "steps" -> "1"
      )
      withClue(lake.output)(lake.submit("benchmark-training", "b3", settings: _*) shouldBe 0)
      for (line <- Seq("forward-backward", "not models", "step(E) = ", " 512 ")) {
        lake.output should include(line)
      }
      lake.count(
        "training_metrics",
        "phase = 'benchmark' AND metric LIKE '%not_model_share'"
      ) shouldBe 2
      lake.count("training_metrics", "metric LIKE '%512 executors/seconds/step'") shouldBe 1
    }
  }

  describe("a Spark task") {
    it("computes on as many threads as it has cores") {
      val threads = SharedSpark.session.sparkContext
        .parallelize(1 to 4, 2)
        .mapPartitions(_ => Iterator(TaskDevice.ofTask(TaskContext.get()).threads))
        .collect()
      threads shouldBe Array(1, 1)
    }
  }

  describe("benchmark-agreement") {
    it("finds the truth of generated labels and tells rates") {
      val lake = new TestLake()
      lake.submit(
        "benchmark-agreement",
        "b1",
        "labels" -> "10000,20000",
        "raters" -> "40",
        "iterations" -> "20"
      ) shouldBe 0
      val values = lake
        .table("training_metrics")
        .collect()
        .map(r => r.getAs[String]("metric") -> r.getAs[Double]("value"))
        .toMap
      values("20000 labels: truth found by Dawid-Skene, share") should be > 0.9
      // Raters are right with 0.5 to 0.95 and otherwise say any of five.
      values("20000 labels: alpha") should (be > 0.4 and be < 0.7)
      values.keys.count(_.endsWith("labels/s")) shouldBe 6
    }
  }

  describe("benchmark-data") {
    it("finds planted duplicates and tells rates beside a plain copy") {
      val lake = new TestLake()
      lake.submit(
        "benchmark-data",
        "b1",
        "size" -> "1",
        "rounds" -> "1",
        "duplicate-rows" -> "3000"
      ) shouldBe 0
      val values = lake
        .table("training_metrics")
        .collect()
        .map(r => r.getAs[String]("metric") -> r.getAs[Double]("value"))
        .toMap
      values("near duplicates of 3000: recall") should be >= 0.98
      values("near duplicates of 3000: precision") should be >= 0.99
      val shares = values.filter(_._1.endsWith("share of a copy of the records")).values
      shares should have size 5
      every(shares.toSeq) should be > 0.0
      java.nio.file.Files.exists(lake.root.resolve("scratch").resolve("b1")) shouldBe false
    }
  }
}
