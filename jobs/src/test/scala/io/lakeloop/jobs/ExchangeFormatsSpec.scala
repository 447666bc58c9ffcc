package io.lakeloop.jobs

import java.nio.file.{Files, Paths}

/** Labels and pairs as other tools write them, and back. */
class ExchangeFormatsSpec extends LoopSpec {
  private val data = Paths.get("..", "..", "shared", "data").toAbsolutePath.normalize

  private def label(lake: TestLake, item: String, rater: String) = lake
    .table("labels")
    .where(s"item_id = '$item' AND rater_id = '$rater'")
    .collect()
    .map(r => r.getAs[String]("question") -> r.getAs[String]("value"))
    .toMap

  describe("ingest-labels") {
    it("reads Label Studio's pairwise and ranker answers, with times, skips and ground truth") {
      val export =
        """[{"id": 7, "data": {"item_id": "i7", "shown_position": "ba", "guideline_version": "v2"},
          | "annotations": [
          |  {"completed_by": {"id": 3, "email": "x@mail.example"}, "lead_time": 12.5, "was_cancelled": false,
          |   "ground_truth": true, "created_at": "2026-01-02T10:00:20.000Z",
          |   "result": [{"from_name": "preference", "type": "pairwise", "value": {"selected": "left"}},
          |              {"from_name": "reasons", "type": "choices", "value": {"choices": ["unsafe", "rude"]}},
          |              {"from_name": "note", "type": "textarea", "value": {"text": ["too", "long"]}}]},
          |  {"completed_by": 4, "was_cancelled": true, "created_at": "2026-01-02T10:01:00Z", "result": []},
          |  {"completed_by": 5, "created_at": "2026-01-02T10:02:00Z",
          |   "result": [{"from_name": "order", "type": "ranker", "value": {"ranker": {"_": ["b", "c", "a"]}}}]}]}]""".stripMargin
      val lake = new TestLake()
      val file = write(temporary(), "export.json", export)
      val settings = Seq("path" -> file.toString, "format" -> "label-studio")
      lake.submit("ingest-labels", "l1", settings: _*) shouldBe 0
      label(lake, "i7", "3") shouldBe Map("preference" -> "b")
      label(lake, "i7", "5") shouldBe Map("order" -> "b>c>a")
      lake.count("quarantine", "reason_code = 'CANCELLED'") shouldBe 1
      val first = lake.table("labels").where("rater_id = '3'").first()
      first.getAs[Boolean]("is_ground_truth") shouldBe true
      first.getAs[String]("shown_position") shouldBe "ba"
      first.getAs[String]("guideline_version") shouldBe "v2"
      first.getSeq[String](first.fieldIndex("reasons")) shouldBe Seq("unsafe", "rude")
      first.getAs[java.sql.Timestamp]("submitted_at").getTime -
        first.getAs[java.sql.Timestamp]("started_at").getTime shouldBe 12500
      lake.rows("labels").mkString should not include "x@mail"
    }

    it("reads Argilla's records of both versions") {
      val records =
        """{"id":"r1","responses":{"better":[{"user_id":"u1","value":"a","status":"submitted"},{"user_id":"u2","value":"b","status":"discarded"}]}}
          |{"external_id":"r2","responses":[{"user_id":"u1","status":"submitted","values":{"rank":{"value":[{"value":"y","rank":2},{"value":"x","rank":1},{"value":"z","rank":2}]}}}]}""".stripMargin
      val lake = new TestLake()
      val file = write(temporary(), "records.jsonl", records)
      lake.submit("ingest-labels", "l1", "path" -> file.toString, "format" -> "argilla") shouldBe 0
      label(lake, "r1", "u1") shouldBe Map("better" -> "a")
      label(lake, "r2", "u1") shouldBe Map("rank" -> "x>y=z")
      lake.count("quarantine") shouldBe 1
    }

    it("reads ConvAbuse's ratings from columns of which one holds 1, where they are at hand") {
      val file = data.resolve("convabuse").resolve("ConvAbuseEMNLPfull.csv.gz")
      assume(Files.exists(file), "ConvAbuse is not at hand")
      val lake = new TestLake()
      lake.submit(
        "ingest-labels",
        "l1",
        "path" -> file.toString,
        "columns" -> "item_id=example_no,rater_id=annotator_id,value=is_abuse.*",
        "question" -> "is_abuse",
        "max-quarantined-share" -> "0.2"
      ) shouldBe 0
      info(s"${lake.count("labels")} labels, ${lake.count("quarantine")} quarantined")
      lake.count("labels") + lake.count("quarantine") shouldBe 12768
      lake.table("labels").select("value").distinct().collect().map(_.getString(0)).toSet should
        contain allOf ("1", "0", "-1", "-2", "-3")
    }
  }

  describe("import-preferences and export") {
    val pairs = (1 to 12).map(i =>
      s"""{"prompt":"Question $i?","chosen":"Good answer $i.","rejected":"Bad answer $i.","margin":${i % 3}.5,"p_chosen":${if (
          i == 4
        ) "0.5"
        else "0.9"}}"""
    ) :+
      """{"prompt":[{"role":"system","content":"Be kind."},{"role":"user","content":"Hello?"}],"chosen":[{"role":"assistant","content":"Hello!"}],"rejected":[{"role":"assistant","content":"What?"}]}"""

    it("come back as they went out: ties, margins and all turns") {
      val lake = new TestLake()
      val file = write(temporary(), "trl.jsonl", pairs.mkString("\n"))
      lake.submit("import-preferences", "p0", "path" -> file.toString, "format" -> "trl") shouldBe 0
      lake.count("preferences", "p_chosen = 0.5") shouldBe 1
      lake.count("preferences", "margin = 1.5") shouldBe 4
      val columns = "item_id, prompt, chosen, rejected, p_chosen, margin"
      def of(snapshot: String) =
        lake
          .table("preferences")
          .where(s"snapshot_id = '$snapshot'")
          .selectExpr(columns.split(", "): _*)
          .collect()
          .map(_.toSeq)
          .toSet
      for (format <- Seq("trl", "openai-dpo")) {
        val out = temporary().resolve(s"$format.jsonl").toString
        lake.submit(
          "export",
          s"e-$format",
          "path" -> out,
          "format" -> format,
          "snapshot" -> "p0"
        ) shouldBe 0
        lake.submit(
          "import-preferences",
          s"p-$format",
          "path" -> out,
          "format" -> format
        ) shouldBe 0
        withClue(format)(of(s"p-$format") shouldBe of("p0"))
      }
      val hh = temporary().resolve("hh.jsonl").toString
      lake.submit("export", "e-hh", "path" -> hh, "format" -> "hh", "snapshot" -> "p0") shouldBe 0
      lake.submit("import-preferences", "p-hh", "path" -> hh, "format" -> "hh") shouldBe 0
      lake.count("preferences", "snapshot_id = 'p-hh' AND chosen = 'Good answer 3.'") shouldBe 1
      val parquet = temporary().resolve("table").toString
      lake.submit(
        "export",
        "e-pq",
        "path" -> parquet,
        "format" -> "parquet",
        "snapshot" -> "p0"
      ) shouldBe 0
      lake.submit(
        "import-preferences",
        "p-pq",
        "path" -> parquet,
        "format" -> "long-parquet"
      ) shouldBe 0
      of("p-pq") shouldBe of("p0")
    }

    it("take ranked trees apart, and refuse what has nothing to choose from") {
      val tree =
        """{"message_tree_id":"t","prompt":{"role":"prompter","text":"Why?","replies":[{"role":"assistant","text":"Because.","rank":0},{"role":"assistant","text":"So.","rank":1},{"role":"assistant","text":"No.","rank":2}]}}
          |{"message_tree_id":"u","prompt":{"role":"prompter","text":"How?","replies":[]}}""".stripMargin
      val lake = new TestLake()
      val file = write(temporary(), "trees.jsonl", tree)
      val settings =
        Seq("path" -> file.toString, "format" -> "oasst", "max-quarantined-share" -> "0.5")
      lake.submit("import-preferences", "p1", settings: _*) shouldBe 0
      lake
        .table("preferences")
        .select("chosen", "rejected")
        .collect()
        .map(r => r.getString(0) -> r.getString(1))
        .toSet shouldBe
        Set("Because." -> "So.", "Because." -> "No.", "So." -> "No.")
      lake.count("quarantine", "reason_code = 'NO_RANKS'") shouldBe 1
    }

    it("give Label Studio its tasks, and their answers find the items again") {
      val lake = new TestLake()
      val logs =
        for (p <- 0 until 6; a <- 0 until 4)
          yield s"""{"conversation_id":"c$p$a","created_at":"2026-01-02T10:00:00Z","prompt":"Where is parcel $p?","completion":"It is in house $a of street $p now.","consent":true}"""
      val file = write(temporary(), "logs.jsonl", logs.mkString("\n"))
      lake.submit("ingest-logs", "i1", "path" -> file.toString) shouldBe 0
      lake.submit("clean-logs", "c1", "duplicates.near" -> "false") shouldBe 0
      lake.submit("sample-for-labeling", "s1", "items" -> "20") shouldBe 0
      val out = temporary().resolve("tasks.json")
      lake.submit("export", "e1", "path" -> out.toString, "format" -> "label-studio") shouldBe 0
      val tasks = new com.fasterxml.jackson.databind.ObjectMapper().readTree(out.toFile)
      tasks.size() shouldBe lake.count("labeling_queue")
      tasks.forEach { task =>
        val shown = task.at("/data/shown_position").asText
        val left = if (shown == "ab") "completion_a" else "completion_b"
        task.at("/data/left") shouldBe task.at(s"/data/$left")
        ()
      }
      lake.submit(
        "export",
        "e2",
        "path" -> out.toString,
        "format" -> "label-studio",
        "run" -> "nobody"
      ) shouldBe 2
      lake.output should include("there is no row")
      lake.clearOutput()
      val folder = temporary().resolve("queue")
      lake.submit(
        "export",
        "e3",
        "path" -> folder.toString,
        "format" -> "parquet",
        "dataset" -> "labeling-queue",
        "run" -> "nobody"
      ) shouldBe 2
      lake.output should include("there is no row")
      Files.exists(folder) shouldBe false
    }

    it("read UKP's arguments, where they are at hand") {
      val folder = data.resolve("ukpconvarg1")
      assume(Files.exists(folder), "UKP is not at hand")
      val lake = new TestLake()
      lake.submit(
        "import-preferences",
        "u1",
        "path" -> folder.toString,
        "format" -> "ukp"
      ) shouldBe 0
      info(s"${lake.count("preferences")} pairs")
      lake.count("preferences") should be > 10000L
    }
  }
}
