package io.lakeloop.jobs

import java.nio.file.{Files, Paths}

class PreferencesJobsSpec extends LoopSpec {
  private def pair(i: Int) = {
    val start =
      s"\\n\\nHuman: What is $i plus $i?\\n\\nAssistant: Do you want it in words?\\n\\nHuman: yes\\n\\nAssistant:"
    val filler = if (i % 2 == 0) " well well well" else ""
    s"""{"chosen":"$start Gladly, it is helpful number $i.","rejected":"$start$filler Rude no $i."}"""
  }

  /** Forty items on ten prompts that five raters grade from -2 (b is much better) to 2. */
  private lazy val graded: TestLake = {
    val lake = new TestLake()
    val items = (0 until 40).map { i =>
      s"""{"item_id": "i$i", "prompt": "question ${i % 10}", "completion_a": "answer $i a good", "completion_b": "answer $i b poor"}"""
    }
    val queue = write(temporary(), "queue.jsonl", items.mkString("\n"))
    lake.submit("import-queue", "q1", "path" -> queue.toString) shouldBe 0
    val rows = for (i <- 0 until 40; r <- 0 until 5) yield {
      val grade = if (i % 8 == 7) 0 else if (i % 3 == 0) -2 else if (r == 0) 1 else 2
      val reason = if (i == 1) "unsafe" else ""
      s"i$i,r$r,grade,$grade,$reason,2026-01-01T00:00:0${r}Z"
    }
    val header = "item_id,rater_id,question,value,comment,submitted_at"
    val labels = write(temporary(), "labels.csv", (header +: rows).mkString("\n"))
    lake.submit("ingest-labels", "l1", "path" -> labels.toString) shouldBe 0
    lake.submit("labeler-agreement", "a1", "gates" -> "grade/krippendorff_alpha=0.5") shouldBe 0
    lake
  }

  private val grades = "labels.grades" -> "2=2,1=1,0=0,-1=-1,-2=-2"

  describe("labeler-agreement and build-preferences") {
    it("hold labels to their gates and say which slice failed, with the evidence on the table") {
      val lake = graded
      lake.submit(
        "labeler-agreement",
        "a2",
        "gates" -> "grade/krippendorff_alpha=0.5,grade/gwet_ac/quadratic=0.99999,grade/scott_pi=0.1"
      ) shouldBe 2
      lake.output should include("gwet_ac/quadratic of grade, all all, is 0.9")
      lake.output should include("below 0.99999")
      lake.output should include("scott_pi was not computed")
      lake.count("runs", "run_id = 'a2' AND error_code = 'AGREEMENT_TOO_LOW'") shouldBe 1
      lake.count("labeler_agreement", "run_id = 'a2' AND coefficient = 'gwet_ac'") should be > 0L
      lake.submit("labeler-agreement", "a3", "gates" -> "grade=high") shouldBe 2
      lake.output should include("gates.grade must be question/coefficient")
    }

    it("turn grades into soft labels, margins and ties, and differ by what was asked for") {
      val lake = graded
      val question = "question" -> "grade"
      lake.submit("build-preferences", "none", question) shouldBe 2
      lake.output should include("Cannot tell what the answers [-2, 0, 1, 2] say")

      lake.submit("build-preferences", "drop", question, grades) shouldBe 0
      lake.submit(
        "build-preferences",
        "keep",
        question,
        grades,
        "labels.ties" -> "keep",
        "labels.margin-per-grade" -> "0.5",
        "labels.weighted" -> "false"
      ) shouldBe 0
      val ties = 40 / 8
      lake.count("preferences", "snapshot_id = 'drop'") shouldBe 40 - ties
      lake.count("preferences", "snapshot_id = 'drop' AND p_chosen <= 0.5") shouldBe 0
      lake.count(
        "preferences",
        "snapshot_id = 'keep' AND p_chosen = 0.5 AND margin = 0"
      ) shouldBe ties
      lake.count("preferences", "snapshot_id = 'keep' AND margin > 0.9") should be > 20L
      lake.count("preferences", "snapshot_id = 'keep' AND weight <> 1") shouldBe 0
      val worse = lake.table("preferences").where("snapshot_id = 'keep' AND item_id = 'i3'").first()
      worse.getAs[String]("chosen") shouldBe "answer 3 b poor"
      lake
        .table("preferences")
        .groupBy("snapshot_id", "prompt")
        .agg(org.apache.spark.sql.functions.countDistinct("split").as("sides"))
        .where("sides > 1")
        .count() shouldBe 0

      val diff = lake
        .sql(
          "SELECT change, count(*) FROM snapshot_diff"
            + " WHERE from_snapshot = 'drop' AND to_snapshot = 'keep' GROUP BY change"
        )
        .collect()
        .map(row => row.getString(0) -> row.getLong(1))
        .toMap
      diff("added") shouldBe ties
      diff.keySet should not contain "removed"
      val digest = lake.table("dataset_snapshots").where("snapshot_id = 'keep'").first()
      lake.submit(
        "build-preferences",
        "again",
        question,
        grades,
        "labels.ties" -> "keep",
        "labels.margin-per-grade" -> "0.5",
        "labels.weighted" -> "false"
      ) shouldBe 0
      lake
        .table("dataset_snapshots")
        .where("snapshot_id = 'again'")
        .first()
        .getAs[String]("digest") shouldBe digest.getAs[String]("digest")
    }

    it("refuse to train on what is for something else") {
      val lake = graded
      val settings = Seq("question" -> "grade", grades, "intended-use" -> "evaluation only")
      lake.submit("build-preferences", "p1", settings: _*) shouldBe 0
      lake.submit("train-reward", "r1") shouldBe 2
      lake.output should include(
        "Cannot train on snapshot p1 for support assistant: it may be used for evaluation only."
      )
      lake.count("runs", "run_id = 'r1' AND error_code = 'USE_NOT_INTENDED'") shouldBe 1
      lake.submit("train-reward", "r2", "purpose" -> "evaluation") shouldBe 0
    }
  }

  describe("import-preferences") {
    it("parts transcripts into prompt and answers, and quarantines what it cannot part") {
      val lake = new TestLake()
      val lines = (1 to 60)
        .map(pair) ++ Seq("nope", """{"chosen":"x"}""", """{"chosen":"a","rejected":"b"}""")
      val path = write(temporary(), "pairs.jsonl", lines.mkString("\n"))
      lake.submit("import-preferences", "hh", "path" -> path.toString) shouldBe 0

      lake.count("preferences", "snapshot_id = 'hh'") shouldBe 60
      val first = lake.table("preferences").where("chosen LIKE '%number 1.'").first()
      first.getAs[String]("prompt") shouldBe "yes"
      first
        .getSeq[org.apache.spark.sql.Row](first.fieldIndex("messages"))
        .map(m => m.getString(0) -> m.getString(1)) shouldBe Seq(
        "user" -> "What is 1 plus 1?",
        "assistant" -> "Do you want it in words?",
        "user" -> "yes"
      )
      first.getAs[String]("chosen") shouldBe "Gladly, it is helpful number 1."
      first.getAs[String]("rejected") shouldBe "Rude no 1."
      lake.table("quarantine").select("reason_code").collect().map(_.getString(0)).toSet shouldBe
        Set("MALFORMED_JSON", "MISSING_FIELD", "NO_COMMON_PROMPT")
      lake.count("preferences", "split = 'test'") should (be > 3L and be < 25L)

      lake.submit("train-reward", "r1", "snapshot" -> "hh") shouldBe 0
      lake.submit("evaluate-reward", "e1", "snapshot" -> "hh") shouldBe 0
      val accuracy =
        lake.table("evaluations").where("metric = 'accuracy' AND slice_kind = 'all'").collect()
      accuracy.map(_.getAs[String]("run_id")).toSet shouldBe Set("r1", "e1")
      // The words tell the answers apart without fail.
      accuracy.map(_.getAs[Double]("value")).toSet shouldBe Set(1.0)
      lake
        .table("evaluations")
        .where("run_id = 'e1' AND slice_kind = 'length_quartile'")
        .select("metric")
        .distinct()
        .count() shouldBe 6

      val digest = lake.table("dataset_snapshots").first().getAs[String]("digest")
      lake.submit("import-preferences", "hh2", "path" -> path.toString) shouldBe 0
      lake
        .table("dataset_snapshots")
        .where("snapshot_id = 'hh2'")
        .first()
        .getAs[String]("digest") shouldBe digest
    }

    it("learns more than length from the HH pairs where these are at hand") {
      val pairs = Paths.get("..", "..", "shared", "data", "hh_harmless", "pairs.jsonl.gz")
      assume(Files.exists(pairs), "the HH pairs are not at hand")
      val lake = new TestLake()
      lake.submit(
        "import-preferences",
        "hh",
        "path" -> pairs.toAbsolutePath.normalize.toString
      ) shouldBe 0
      lake.submit("train-reward", "r1", "snapshot" -> "hh") shouldBe 0
      val metrics = lake.table("evaluations").where("slice_kind = 'all'").collect()
      val value = metrics.map(r => r.getAs[String]("metric") -> r.getAs[Double]("value")).toMap
      value("accuracy") should be > value("length_baseline_accuracy")
      value("accuracy") should be > 0.5
    }
  }
}
