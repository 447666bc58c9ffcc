package io.lakeloop.jobs

import com.fasterxml.jackson.databind.ObjectMapper
import io.lakeloop.config.Name
import io.lakeloop.lm.ModelFolder
import java.nio.file.Files
import scala.collection.JavaConverters._

/** The whole loop on a small simulated desk; one lake for all cases, since training takes its time.
  */
class SimulatedLoopSpec extends LoopSpec {
  private val lake = new TestLake()
  private val landing = lake.root.resolve("landing").toString
  private val smallModel = Seq(
    "model.vocab-size" -> "400",
    "model.hidden-size" -> "32",
    "model.intermediate-size" -> "64",
    "model.layers" -> "1",
    "model.heads" -> "2",
    "max-examples" -> "200",
    "epochs" -> "1"
  )
  private val checkpoint = "../common/src/test/resources/lm/llama3"
  private val small = Seq(
    "max-prompt-tokens" -> "40",
    "max-completion-tokens" -> "24",
    "max-examples" -> "60",
    "epochs" -> "1"
  )
  private val lora = Seq("engine.lora.rank" -> "2", "engine.packing" -> "true")
  private val steps: Seq[(String, String, Seq[(String, String)])] = Seq(
    ("simulate-logs", "s1", Seq("conversations" -> "700")),
    ("ingest-logs", "i1", Seq("path" -> s"$landing/logs.jsonl")),
    ("clean-logs", "c1", Seq()),
    (
      "sample-for-labeling",
      "q1",
      Seq("items" -> "240", "gold-questions" -> s"$landing/gold-questions.jsonl")
    ),
    ("simulate-labels", "sl1", Seq()),
    ("ingest-labels", "l1", Seq("path" -> s"$landing/labels.csv")),
    ("labeler-agreement", "a1", Seq()),
    ("build-preferences", "p1", Seq()),
    ("train-sft", "sft1", smallModel),
    ("train-reward", "rl1", Seq("name" -> "reward-linear")),
    ("train-reward", "r1", Seq("architecture" -> "transformer", "transformer.epochs" -> "1")),
    ("evaluate-reward", "er1", Seq("reward-model" -> "reward-linear/1")),
    ("train-policy", "pol1", Seq("rollout.steps" -> "2", "rollout.prompts-per-step" -> "8")),
    ("evaluate-policy", "ep1", Seq("samples-per-prompt" -> "1")),
    ("report", "rep1", Seq("landing" -> landing)),
    // The same from a checkpoint in Hugging Face's layout, by adapters over one base.
    ("train-sft", "sft2", Seq("name" -> "sft-lora", "base-model" -> checkpoint) ++ small ++ lora),
    (
      "train-reward",
      "r2",
      Seq(
        "name" -> "reward-lora",
        "architecture" -> "transformer",
        "base-model" -> "sft-lora/1",
        "transformer.epochs" -> "1"
      ) ++ lora
    ),
    (
      "train-policy",
      "pol2",
      Seq(
        "name" -> "policy-lora",
        "base-model" -> "sft-lora/1",
        "reward-model" -> "reward-lora/1",
        "value-model" -> "reward",
        "rollout.steps" -> "2",
        "rollout.prompts-per-step" -> "6"
      ) ++ lora
    ),
    (
      "evaluate-policy",
      "ep-lora",
      Seq(
        "policy" -> "policy-lora/1",
        "opponent" -> "sft-lora/1",
        "reward-model" -> "reward-lora/1",
        "suite" -> "lora",
        "samples-per-prompt" -> "1"
      )
    ),
    (
      "export-model",
      "x-lora",
      Seq("model" -> "policy-lora/1", "folder" -> lake.root.resolve("export").toString)
    ),
    // Reward and policy straight from the folder, the policy's weights trained whole.
    (
      "train-reward",
      "r3",
      Seq(
        "name" -> "reward-folder",
        "architecture" -> "transformer",
        "base-model" -> checkpoint,
        "transformer.epochs" -> "1",
        "limits.max-prompt-tokens" -> "40",
        "limits.max-completion-tokens" -> "24"
      )
    ),
    (
      "train-policy",
      "pol3",
      Seq(
        "name" -> "policy-folder",
        "base-model" -> checkpoint,
        "reward-model" -> "reward-folder/1",
        "limits.max-prompt-tokens" -> "40",
        "limits.max-completion-tokens" -> "24",
        "rollout.steps" -> "1",
        "rollout.prompts-per-step" -> "4"
      )
    ),
    // An ensemble of adapters and the linear model on one product's pairs, and the other methods.
    (
      "train-reward",
      "r4",
      Seq(
        "name" -> "reward-ensemble",
        "architecture" -> "transformer",
        "base-model" -> "sft-lora/1",
        "transformer.epochs" -> "1",
        "ensemble.members" -> "2",
        "ensemble.linear" -> "true",
        "reference-samples" -> "12",
        "product" -> "Orbit"
      ) ++ lora
    ),
    (
      "train-policy",
      "pol4",
      Seq(
        "name" -> "policy-grpo",
        "algorithm" -> "grpo",
        "base-model" -> "sft-lora/1",
        "reward-model" -> "reward-ensemble/1",
        "reward.aggregate" -> "uncertainty",
        "kl.estimator" -> "k3",
        "rollout.steps" -> "3",
        "rollout.prompts-per-step" -> "3",
        "rollout.samples-per-prompt" -> "2",
        "tables-every" -> "2",
        "watch.every" -> "1",
        "watch.prompts" -> "4",
        "watch.reward-model" -> "reward-linear/1"
      ) ++ lora
    ),
    (
      "train-policy",
      "dpo1",
      Seq(
        "name" -> "policy-dpo",
        "algorithm" -> "dpo",
        "base-model" -> "sft-lora/1",
        "dpo.batch-size" -> "64",
        "dpo.commit-every" -> "2"
      ) ++ lora
    )
  )
  private val codes = steps.map { case (job, runId, settings) =>
    lake.submit(job, runId, settings: _*)
  }

  describe("the loop") {
    it("runs through") {
      withClue(lake.output)(codes.toSet shouldBe Set(0))
    }

    it("finds what was planted") {
      val planted = new ObjectMapper().readTree(lake.root.resolve("landing/planted.json").toFile)
      lake.count("interactions_raw") + lake.count(
        "quarantine",
        "table_name = 'interactions_raw'"
      ) shouldBe
        planted.get("lines").asLong
      lake.count("quarantine", "reason_code = 'MALFORMED_JSON'") shouldBe planted
        .get("malformed")
        .asLong
      lake.count("quarantine", "reason_code = 'MISSING_FIELD'") shouldBe planted
        .get("missingPrompt")
        .asLong
      lake.count("interactions", "duplicate_of IS NOT NULL") should be >= planted
        .get("repeated")
        .asLong
      val text = lake.rows("interactions").mkString("\n")
      planted
        .get("personalData")
        .elements
        .asScala
        .map(_.asText)
        .filter(text.contains)
        .toSeq shouldBe Nil
    }

    it("shows raters nothing that may not be shown") {
      val hidden = lake
        .table("interactions")
        .where("NOT consent OR duplicate_of IS NOT NULL OR size(quality_flags) > 0")
        .select("interaction_id")
      val shown = lake.table("labeling_queue").where("NOT is_gold")
      shown.count() should be > 100L
      for (side <- Seq("interaction_a", "interaction_b")) {
        shown.join(hidden, shown(side) === hidden("interaction_id")).count() shouldBe 0
      }
      shown.where("completion_a = completion_b").count() shouldBe 0
    }

    it("knows the spammer and the one who goes left as the two worst") {
      lake
        .table("labeler_quality")
        .where("measure = 'quality'")
        .orderBy("value")
        .limit(2)
        .select("rater_id")
        .collect()
        .map(_.getString(0))
        .toSet shouldBe Set("rater-13", "rater-14")
      lake
        .table("labeler_quality")
        .where("measure = 'left_rate' AND ci_low > 0.9")
        .select("rater_id")
        .collect()
        .map(_.getString(0))
        .toSeq shouldBe Seq("rater-14")
    }

    it("keeps prompts on one side of the split, and gold questions out") {
      val pairs = lake.table("preferences")
      val test = pairs.where("split = 'test'").select("prompt").distinct()
      pairs.where("split = 'train'").join(test, "prompt").count() shouldBe 0
      test.count() should be > 0L
      pairs.join(lake.table("labeling_queue").where("is_gold"), "item_id").count() shouldBe 0
      pairs.where("p_chosen <= 0.5").count() shouldBe 0
    }

    it("keeps conversations on one side of the split, and says what a snapshot is") {
      val conversations = lake
        .table("preferences")
        .join(lake.table("labeling_queue").dropDuplicates("item_id").drop("prompt"), "item_id")
        .selectExpr("split", "explode(array(interaction_a, interaction_b)) AS interaction_id")
        .join(lake.table("interactions"), "interaction_id")
        .select("split", "conversation_id")
        .distinct()
      conversations.groupBy("conversation_id").count().where("count > 1").count() shouldBe 0
      val snapshot = lake.table("dataset_snapshots").where("snapshot_id = 'p1'").first()
      snapshot.getAs[String]("consent_status") should startWith("training allowed in all of")
      snapshot.getAs[String]("anonymisation_status") should include("names not covered")
      val versions = snapshot.getAs[Map[String, String]]("source_versions")
      versions.keySet should contain allOf ("labels", "item_consensus", "labeling_queue")
      lake
        .table("preferences")
        .selectExpr("avg(weight)")
        .first()
        .getDouble(0) shouldBe 1.0 +- 1e-6
    }

    it("numbers trajectories without a duplicate or a hole") {
      val trajectories = lake.table("trajectories").where("run_id = 'pol1'")
      trajectories.count() shouldBe 16
      trajectories.select("step", "prompt_id", "sample").distinct().count() shouldBe 16
      trajectories
        .where("size(log_probs) <> size(completion_tokens) OR size(rewards) <> size(values)")
        .count() shouldBe 0
    }

    it("traces a model to its log lines and a person to the models, in one query each") {
      val forward = lake.sql("""
        SELECT DISTINCT m.snapshot_id, l.rater_id, r.source_file, r.line
        FROM model_versions m
        JOIN preferences p ON p.snapshot_id = m.snapshot_id
        JOIN labels l ON l.item_id = p.item_id
        JOIN labeling_queue q ON q.item_id = p.item_id
        JOIN interactions i ON i.interaction_id IN (q.interaction_a, q.interaction_b)
        JOIN interactions_raw r ON r.record_id = i.record_id
        WHERE m.model = 'policy' AND m.version = 1""")
      forward.count() should be > 100L
      val backward = lake.sql(
        """
        SELECT DISTINCT m.model, m.version
        FROM interactions i
        JOIN labeling_queue q ON i.interaction_id IN (q.interaction_a, q.interaction_b)
        JOIN preferences p ON p.item_id = q.item_id
        JOIN model_versions m ON m.snapshot_id = p.snapshot_id
        WHERE i.subject_key = (SELECT i2.subject_key FROM interactions i2 JOIN labeling_queue q2
          ON i2.interaction_id = q2.interaction_a JOIN preferences p2 ON p2.item_id = q2.item_id LIMIT 1)"""
      )
      backward.collect().map(_.getString(0)).toSet shouldBe Set(
        "reward",
        "reward-linear",
        "policy",
        "reward-lora",
        "policy-lora",
        "reward-folder",
        "policy-folder",
        "reward-ensemble",
        "policy-grpo",
        "policy-dpo"
      )
    }

    it("records every run, its settings and what it read and wrote") {
      lake.count("runs", "status = 'SUCCEEDED'") shouldBe steps.size
      lake
        .table("lineage")
        .where("run_id = 'pol1'")
        .select("direction", "kind", "name")
        .collect()
        .map(r => (r.getString(0), r.getString(1), r.getString(2)))
        .toSet should contain allOf (
        ("read", "model", "sft"),
        ("read", "model", "reward"),
        ("read", "table", "preferences"),
        ("write", "table", "trajectories"),
        ("write", "model", "policy")
      )
    }

    it("appends what training does in batches of steps, none twice") {
      for ((run, steps, rows) <- Seq(("pol1", 2, 16), ("pol4", 3, 18), ("dpo1", 0, 0))) {
        lake.count("trajectories", s"run_id = '$run'") shouldBe rows
        val metrics = lake.table("training_metrics").where(s"run_id = '$run'")
        metrics.groupBy("step", "metric").count().where("count > 1").count() shouldBe 0
        if (steps > 0) metrics.select("step").distinct().count() shouldBe steps
      }
      lake.count(
        "training_metrics",
        "run_id = 'dpo1' AND metric = 'rewards/margins'"
      ) should be > 1L
    }

    it("knows before the first update that nothing has changed yet") {
      for (run <- Seq("pol1", "pol2", "pol3", "pol4")) {
        val first = lake.table("training_metrics").where(s"run_id = '$run' AND step = 0")
        for (
          (metric, value) <- Seq(
            "policy/first_ratio_min" -> 1.0,
            "policy/first_ratio_max" -> 1.0,
            "policy/first_approximate_kl" -> 0.0
          )
        ) {
          first.where(s"metric = '$metric'").first().getAs[Double]("value") shouldBe value
        }
      }
    }

    it("watches proxy, held-out reward and KL side by side") {
      lake
        .table("training_metrics")
        .where("run_id = 'pol4' AND metric LIKE 'watch/%'")
        .groupBy("metric")
        .count()
        .collect()
        .map(row => (row.getString(0), row.getLong(1)))
        .toSet shouldBe Set(("watch/proxy", 3L), ("watch/held_out", 3L), ("watch/kl", 3L))
    }

    it("calibrates reward models, and keeps a reliability table") {
      for (run <- Seq("rl1", "r1", "r4")) {
        val found = lake.table("evaluations").where(s"run_id = '$run'")
        found.where("metric = 'temperature' AND value BETWEEN 0.05 AND 20").count() shouldBe 1
        found.where("metric = 'ece_calibrated' AND slice_kind = 'all'").count() shouldBe 1
        found.where("slice_kind = 'calibrated_confidence_bin'").count() should be > 0L
      }
      // One product's pairs are fewer than all.
      val pairs = lake.table("preferences").where("split = 'test'")
      val orbit = pairs.where("product = 'Orbit'").count()
      orbit should (be > 0L and be < pairs.count())
      lake
        .table("evaluations")
        .where("run_id = 'r4' AND metric = 'accuracy' AND slice_kind = 'all'")
        .first()
        .getAs[Long]("n") shouldBe orbit
    }

    it("writes a report that needs no network") {
      val page = new String(Files.readAllBytes(lake.root.resolve("report/index.html")), "UTF-8")
      page should include("Chart.js v4")
      page should not include "src=\"http"
      page should not include "/*DATA*/"
    }

    it("writes no report beside damaged files of what was planted") {
      val good = Files.readString(lake.root.resolve("landing/planted.json"))
      for (
        (name, planted, truth) <- Seq(
          ("planted.json", good.take(good.length / 2), "{}"),
          ("planted.json", "{}", "{}"),
          ("raters.json", good, "null")
        )
      ) {
        val damaged = temporary()
        write(damaged, "planted.json", planted)
        write(damaged, "raters.json", truth)
        val page = damaged.resolve("page.html")
        lake.clearOutput()
        val settings = Seq("landing" -> damaged.toString, "path" -> page.toString)
        lake.submit("report", s"rep-${damaged.getFileName}", settings: _*) shouldBe 2
        lake.output should include(s"Cannot compare with what was planted: $damaged/$name")
        Files.exists(page) shouldBe false
      }
    }

    it("leaves the same rows when jobs run again under their ids") {
      val again = Seq(
        "sample-for-labeling",
        "build-preferences",
        "train-sft",
        "train-reward",
        "train-policy",
        "evaluate-policy"
      )
      val tables = Seq(
        "labeling_queue",
        "preferences",
        "dataset_snapshots",
        "training_metrics",
        "trajectories",
        "evaluations",
        "judgments",
        "model_versions",
        "runs",
        "lineage"
      )
      val before = tables.map(lake.rows)
      for ((job, runId, settings) <- steps if again.contains(job)) {
        lake.submit(job, runId, settings: _*) shouldBe 0
      }
      for ((name, rows) <- tables.zip(before)) {
        withClue(name)(lake.rows(name) shouldBe rows)
      }
      lake.registry.versions(Name.parse("policy")).asScala shouldBe Seq(1)
    }
  }

  describe("a checkpoint from outside") {
    it("is taken into the registry once") {
      lake.registry.versions(Name.parse("base-llama3")).asScala shouldBe Seq(1)
      lake.count("model_versions", "model = 'base-llama3'") shouldBe 1
      lake
        .table("model_versions")
        .where("model IN ('sft-lora', 'policy-folder')")
        .selectExpr("model", "parents[0]")
        .collect()
        .map(row => (row.getString(0), row.getString(1)))
        .toSet shouldBe Set(
        ("sft-lora", "base-llama3/1"),
        ("policy-folder", "base-llama3/1")
      )
    }

    it("stays as it is where adapters are trained") {
      for (name <- Seq("sft-lora", "reward-lora", "policy-lora")) {
        val files = lake.root.resolve(s"registry/models/$name/1")
        Files.exists(files.resolve("adapter_model.safetensors")) shouldBe true
        Files.exists(files.resolve("model.safetensors")) shouldBe false
      }
      Files.exists(
        lake.root.resolve("registry/models/policy-folder/1/model.safetensors")
      ) shouldBe true
    }

    it("is exported with the adapter merged, as a folder that loads") {
      val model = new ModelFolder(lake.root.resolve("export")).load()
      model.config.layers shouldBe 2
      model.close()
      Files.exists(lake.root.resolve("export/tokenizer.json")) shouldBe true
    }

    it("gives an answer its first ratio of 1, over whichever base") {
      for (run <- Seq("pol1", "pol2", "pol3")) {
        val ratio = lake
          .table("training_metrics")
          .where(s"run_id = '$run' AND metric = 'policy/first_ratio' AND step = 0")
          .first()
          .getAs[Double]("value")
        ratio shouldBe 1.0 +- 1e-4
      }
    }

    it("is asked for what it does not say") {
      lake.clearOutput()
      lake.submit("train-sft", "b1", "base-model" -> "./nowhere") shouldBe 2
      lake.output should include("Cannot load a model from ./nowhere: it has no config.json")
      lake.submit(
        "train-policy",
        "b2",
        "base-model" -> checkpoint,
        "limits.max-completion-tokens" -> "600"
      ) shouldBe 2
      lake.output should include("completions of up to 600 pass the 512 positions")
      lake.submit(
        "train-sft",
        "b3",
        Seq("base-model" -> checkpoint, "max-completion-tokens" -> "600"): _*
      ) shouldBe 2
      lake.output should include("pass the 512 positions that the model reads")
      lake.submit("train-sft", "b4", "engine.lora.rank" -> "4") shouldBe 2
      lake.output should include("a new model (base-model none) is trained whole")
      lake.submit(
        "train-sft",
        "b5",
        Seq(
          "base-model" -> checkpoint,
          "engine.lora.rank" -> "4",
          "engine.lora.target-modules" -> "q_prj"
        ): _*
      ) shouldBe 2
      lake.output should include("target-modules has 'q_prj', which no linear map is called")
    }
  }

  describe("promote") {
    it("is stopped by its gate, and says by which value") {
      lake.clearOutput()
      lake.submit("promote", "pr1", "min-win-rate" -> "1.0") shouldBe 2
      lake.output should include("Cannot promote policy/1 to champion: win rate")
      lake.count("runs", "run_id = 'pr1' AND error_code = 'GATE_FAILED'") shouldBe 1
    }

    it("moves the alias and keeps why") {
      val settings = Seq("min-win-rate" -> "0.0", "max-safety-violation-rate" -> "1.0")
      lake.submit("promote", "pr2", settings: _*) shouldBe 0
      lake.submit("promote", "pr2", settings: _*) shouldBe 0
      lake.count("alias_events") shouldBe 1
      lake.table("alias_events").first().getAs[String]("evidence_run") shouldBe "ep1"
      lake.submit(
        "evaluate-policy",
        "ep2",
        "policy" -> "policy/champion",
        "samples-per-prompt" -> "1"
      ) shouldBe 0
    }
  }

  describe("a training") {
    it("that diverges publishes nothing") {
      lake.clearOutput()
      val settings = Seq("name" -> "sft-bad", "learning-rate" -> "1e30") ++ smallModel
      lake.submit("train-sft", "bad1", settings: _*) shouldBe 2
      lake.output should include("Cannot go on training")
      lake.count("runs", "run_id = 'bad1' AND error_code = 'TRAINING_DIVERGED'") shouldBe 1
      lake.registry.versions(Name.parse("sft-bad")).asScala shouldBe empty
    }

    it("that diverges on Spark keeps what was committed") {
      lake.clearOutput()
      val settings = Seq(
        "name" -> "policy-bad",
        "rollout.steps" -> "3",
        "rollout.prompts-per-step" -> "4",
        "update.epochs" -> "1",
        "update.learning-rate" -> "1e30"
      )
      lake.submit("train-policy", "bad2", settings: _*) shouldBe 2
      lake.output should include regex "Cannot go on training: .* is .* at step [01]"
      lake.count("runs", "run_id = 'bad2' AND error_code = 'TRAINING_DIVERGED'") shouldBe 1
      lake.registry.versions(Name.parse("policy-bad")).asScala shouldBe empty
    }

    it("refuses what cannot work before it begins") {
      lake.clearOutput()
      lake.submit("train-policy", "x3", "algorithm" -> "grpo") shouldBe 2
      lake.output should include("rollout.samples-per-prompt is 1, but grpo compares")
      lake.submit("train-policy", "x4", "fleet.gpus-per-task" -> "1") shouldBe 2
      lake.output should include("fleet.gpus-per-task is 1, but executors have 0")
      lake.submit("train-policy", "x5", "watch.every" -> "2") shouldBe 2
      lake.output should include("name a reward model of the registry")
      lake.submit(
        "train-reward",
        "x6",
        Seq("architecture" -> "transformer", "ensemble.members" -> "3"): _*
      ) shouldBe 2
      lake.output should include("an ensemble's transformers are adapters of one base")
      lake.submit("train-reward", "x7", "product" -> "Zeppelin") shouldBe 2
      lake.output should include("holds no pair about the product 'Zeppelin'")
    }

    it("names what it cannot find") {
      lake.clearOutput()
      lake.submit("train-policy", "x1", "reward-model" -> "reward/9") shouldBe 2
      lake.output should include(
        "Cannot find reward/9: versions of reward in this registry are [1]"
      )
      lake.submit("train-reward", "x2", "snapshot" -> "p2") shouldBe 2
      lake.output should include("Cannot find the snapshot p2 (did you mean p1?)")
    }
  }
}
