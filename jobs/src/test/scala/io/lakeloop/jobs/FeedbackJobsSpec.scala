package io.lakeloop.jobs

import java.nio.file.{Files, Path}
import java.util.zip.GZIPOutputStream

class FeedbackJobsSpec extends LoopSpec {
  private def record(conversation: Int, more: String = "") =
    s"""{"conversation_id":"c$conversation","user_id":"u$conversation","created_at":"2026-01-0${conversation % 9 + 1}T10:00:00Z",
       |"prompt":"Where is my parcel number $conversation?","completion":"It will arrive on day $conversation of this week."
       |$more,"consent":true}""".stripMargin.replace("\n", "")

  private def logs(folder: Path): Path = write(
    folder,
    "logs.jsonl",
    Seq(
      record(1),
      record(2, ""","turn":1,"thumb":1"""),
      record(1), // said before
      """{"conversation_id":"c3","prompt":"hi"""", // cut off
      "",
      "[1,2]",
      record(4).replace("\"prompt\"", "\"question\""), // no prompt
      record(5, ""","csat":9"""), // out of range
      record(6)
        .replace("arrive", "come to jane@mail.example or +49 30 12345678 and jane@mail.example"),
      record(7).replace("It will arrive on day 7 of this week.", "qwkjehqwkjehqwkjehqwkjeh zzz")
    ).mkString("\n")
  )

  describe("ingest-logs") {
    it("puts every line into interactions_raw or quarantine, once") {
      val lake = new TestLake()
      val path = logs(temporary())
      lake.submit(
        "ingest-logs",
        "i1",
        "path" -> path.toString,
        "max-quarantined-share" -> "0.5"
      ) shouldBe 0

      lake.count("interactions_raw") shouldBe 7
      val refused = lake.table("quarantine").select("line", "reason_code").collect()
      refused.map(r => r.getLong(0) -> r.getString(1)).toMap shouldBe Map(
        4L -> "MALFORMED_JSON",
        5L -> "BLANK_LINE",
        6L -> "NOT_AN_OBJECT"
      )
      lake
        .table("interactions_raw")
        .where("line = 1")
        .select("payload")
        .first()
        .getString(0) shouldBe record(1)
    }

    it("reads gz and folders, and stays within the share of refused lines that is allowed") {
      val folder = temporary()
      val out = new GZIPOutputStream(Files.newOutputStream(folder.resolve("a.jsonl.gz")))
      out.write((record(1) + "\nbroken\n").getBytes)
      out.close()
      val lake = new TestLake()
      lake.submit("ingest-logs", "i1", "path" -> folder.toString) shouldBe 2
      lake.output should include("1 of 2 records were refused")
      lake.count("quarantine") shouldBe 1
      lake.count("runs", "error_code = 'TOO_MANY_QUARANTINED'") shouldBe 1

      lake.submit(
        "ingest-logs",
        "i2",
        "path" -> folder.toString,
        "max-quarantined-share" -> "0.5"
      ) shouldBe 0
      lake.count("interactions_raw") shouldBe 1
    }

    it("tells in one line what is missing") {
      val lake = new TestLake()
      lake.submit("ingest-logs", "i1", "path" -> "/nowhere/*.jsonl") shouldBe 2
      lake.output should include("Cannot read /nowhere/*.jsonl: there is no such file")
      lake.submit("ingest-logs", "i2", "paht" -> "x", "source-system" -> "") shouldBe 2
      lake.output should include("paht is unknown (did you mean path?)")
      lake.output should not include "Exception"
    }
  }

  describe("clean-logs") {
    val lake = new TestLake()
    lake.submit(
      "ingest-logs",
      "i1",
      "path" -> logs(temporary()).toString,
      "max-quarantined-share" -> "0.5"
    )
    val code = lake.submit("clean-logs", "c1", "max-quarantined-share" -> "0.5")

    it("accounts for every raw record") {
      code shouldBe 0
      lake.count("interactions") shouldBe 5
      lake.count("quarantine", "table_name = 'interactions'") shouldBe 2
      lake
        .table("quarantine")
        .where("table_name = 'interactions'")
        .select("reason")
        .collect()
        .map(_.getString(0))
        .toSet shouldBe Set("prompt is missing", "csat must lie in 1..5")
      lake
        .table("interactions_raw")
        .join(lake.table("interactions").select("record_id"), Seq("record_id"), "left_anti")
        .join(
          lake.table("quarantine").where("record_id IS NOT NULL").select("record_id"),
          Seq("record_id"),
          "left_anti"
        )
        .count() shouldBe 0
    }

    it("flags what repeats an earlier record and what is no use") {
      val repeated = lake.table("interactions").where("duplicate_of IS NOT NULL").collect()
      repeated should have length 1
      repeated.head.getAs[String]("conversation_id") shouldBe "c1"
      lake.count("interactions", "size(quality_flags) > 0") shouldBe 1
    }

    it("leaves no personal data, in tables or in quarantine") {
      val text = lake.rows("interactions").mkString ++ lake.rows("quarantine").mkString
      text should not include "jane@mail.example"
      text should not include "12345678"
      text should not include "\"u6\""
      val cleaned = lake.table("interactions").where("conversation_id = 'c6'").first()
      cleaned.getAs[String]("completion") shouldBe
        "It will come to <EMAIL_1> or <PHONE_1> and <EMAIL_1> on day 6 of this week."
      cleaned.getSeq[String](cleaned.fieldIndex("pii_types")) shouldBe Seq("EMAIL", "PHONE")
    }

    it("leaves the same rows when it runs again, and finds nothing new for another run") {
      val before = Seq("interactions", "quarantine", "lineage", "runs").map(lake.rows)
      lake.submit("clean-logs", "c1", "max-quarantined-share" -> "0.5") shouldBe 0
      Seq("interactions", "quarantine", "lineage", "runs").map(lake.rows) shouldBe before

      lake.clearOutput()
      lake.submit("clean-logs", "c2", "max-quarantined-share" -> "0.5") shouldBe 2
      lake.output should include("the input holds no record")
      lake.rows("interactions") shouldBe before.head
    }

    it("refuses a run id that began with other settings, or as another job") {
      lake.clearOutput()
      lake.submit("clean-logs", "c1", "max-quarantined-share" -> "0.6") shouldBe 2
      lake.output should include("Cannot run c1 again: it began with the settings")
      lake.submit("labeler-agreement", "c1") shouldBe 2
      lake.output should include("it is a run of clean-logs, not of labeler-agreement")
    }

    it("writes tables that describe themselves and refuse what is wrong") {
      val spark = SharedSpark.session
      val path = s"delta.`${lake.root.resolve("tables").resolve("interactions")}`"
      val columns = spark.sql(s"DESCRIBE TABLE EXTENDED $path").collect()
      columns.find(_.getString(0) == "latency_ms").get.getString(2) should include("milliseconds")
      spark.sql(s"DESCRIBE DETAIL $path").first().getAs[String]("description") shouldBe
        "One turn of a conversation, cleaned and pseudonymised."
      val wrong = intercept[Exception](spark.sql(s"UPDATE $path SET csat = 7"))
      wrong.getMessage should include("csat_1_to_5")
      val missing = intercept[Exception](spark.sql(s"UPDATE $path SET prompt = NULL"))
      missing.getMessage.toLowerCase should include("not null")
    }
  }
}
