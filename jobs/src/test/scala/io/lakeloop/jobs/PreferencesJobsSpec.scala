package io.lakeloop.jobs

import java.nio.file.{Files, Paths}

class PreferencesJobsSpec extends LoopSpec {
  private def pair(i: Int) = {
    val start =
      s"\\n\\nHuman: What is $i plus $i?\\n\\nAssistant: Do you want it in words?\\n\\nHuman: yes\\n\\nAssistant:"
    val filler = if (i % 2 == 0) " well well well" else ""
    s"""{"chosen":"$start Gladly, it is helpful number $i.","rejected":"$start$filler Rude no $i."}"""
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
      first.getAs[String]("prompt") shouldBe
        "Human: What is 1 plus 1?\n\nAssistant: Do you want it in words?\n\nHuman: yes"
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
