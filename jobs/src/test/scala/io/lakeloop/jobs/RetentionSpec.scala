package io.lakeloop.jobs

import java.nio.file.Files
import scala.collection.JavaConverters._

class RetentionSpec extends LoopSpec {
  private def record(conversation: Int, user: String, day: Int) =
    s"""{"conversation_id":"c$conversation","user_id":"$user","created_at":"2026-0$day-02T10:00:00Z",""" +
      s""""prompt":"Where is the parcel of group ${conversation % 3}?",""" +
      s""""completion":"Words of $user: it will arrive on day $conversation of this week.","consent":true}"""

  private val lines =
    (0 until 24).map(i => record(i, if (i % 4 == 0) "eve" else s"user$i", 1 + i % 2)) ++
      Seq(record(99, "eve", 1).replace("\"prompt\"", "\"question\""))

  private def lake() = {
    val lake = new TestLake()
    val file = write(temporary(), "logs.jsonl", lines.mkString("\n"))
    lake.submit("ingest-logs", "i1", "path" -> file.toString) shouldBe 0
    withClue(lake.output)(lake.submit("clean-logs", "c1", "duplicates.near" -> "false") shouldBe 0)
    withClue(lake.output)(lake.submit("sample-for-labeling", "s1", "items" -> "50") shouldBe 0)
    val items = lake.table("labeling_queue").select("item_id").collect().map(_.getString(0))
    val labels = items.flatMap(item => Seq("r1,a", "r2,a", "r3,b").map(vote => s"$item,$vote"))
    val csv = write(temporary(), "labels.csv", ("item_id,rater_id,value" +: labels).mkString("\n"))
    withClue(lake.output)(lake.submit("ingest-labels", "l1", "path" -> csv.toString) shouldBe 0)
    lake.submit("labeler-agreement", "a1", "coefficients.resamples" -> "100") shouldBe 0
    lake.submit("build-preferences", "p1", "labels.min-probability" -> "0.5", "test-share" -> "0.4")
    lake
  }

  describe("enforce-retention") {
    it("forgets a person in every table and file, and tells what was made of the words") {
      val l = lake()
      val eve = l.table("interactions").where("completion LIKE '%eve:%'").first()
      val key = eve.getAs[String]("subject_key")
      val others = l.count("interactions", s"subject_key <> '$key'")
      val pairs =
        l.count("labeling_queue", "completion_a LIKE '%eve:%' OR completion_b LIKE '%eve:%'")
      pairs should be > 0L
      val requests = write(temporary(), "requests.jsonl", """{"user_id":"eve"}""")
      val settings = Seq("requests" -> requests.toString, "vacuum-hours" -> "0")
      l.submit("enforce-retention", "e1", settings: _*) shouldBe 0

      l.count("interactions", s"subject_key = '$key'") shouldBe 0
      l.count("interactions") shouldBe others
      l.count("interactions_raw", "payload LIKE '%\"eve\"%'") shouldBe 0
      l.count("quarantine", "table_name = 'interactions'") shouldBe 0
      l.table("labeling_queue")
        .where("completion_a LIKE '%eve:%' OR completion_b LIKE '%eve:%'")
        .count() shouldBe 0
      l.table("labels")
        .join(l.table("labeling_queue"), Seq("item_id"), "left_anti")
        .count() shouldBe 0
      l.count("deletions", "table_name = 'labeling_queue'") shouldBe 1
      l.table("deletions")
        .where("table_name = 'labeling_queue'")
        .first()
        .getAs[Long]("rows") shouldBe pairs
      // No file of the tables holds the name any more.
      val left = Files
        .walk(l.root.resolve("tables"))
        .iterator()
        .asScala
        .toSeq
        .filter(f => f.toString.endsWith(".parquet") && !f.toString.contains("_delta_log"))
        .filter(f => f.toString.contains("interactions"))
      left should not be empty
      val spark = SharedSpark.session
      left.foreach { f =>
        val text = spark.read.parquet(f.toString).toJSON.collect().mkString
        withClue(f.toString) {
          text should not include "of eve:"
          text should not include "\\\"eve"
        }
      }
      val before = Seq("deletions", "deletion_impact").map(l.rows)
      l.submit("enforce-retention", "e1", settings: _*) shouldBe 0
      Seq("deletions", "deletion_impact").map(l.rows) shouldBe before
    }

    it("deletes what is older than its table's limit") {
      val l = lake()
      // The spec's clock stands in March 2026: January is older than 45 days, February is not.
      val young = l.count("interactions", "created_at >= '2026-02-01'")
      l.submit("enforce-retention", "e1", "keep-days" -> "interactions=45") shouldBe 0
      l.count("interactions") shouldBe young
      l.table("deletions").first().getAs[String]("reason") shouldBe "expired"
      l.submit("enforce-retention", "e2", "keep-days" -> "interactoins=45") shouldBe 2
      l.output should include("interactoins has no retention limit")
    }

    it("refuses a request that names nobody, before anything is deleted") {
      val l = lake()
      val requests =
        write(temporary(), "requests.jsonl", "{\"user_id\":\"eve\"}\n{\"user\":\"bob\"}\n")
      val before = l.count("interactions")
      l.submit("enforce-retention", "e1", "requests" -> requests.toString) shouldBe 2
      l.output should include("line 2: it must be JSON with user_id, or subject_key")
      l.count("interactions") shouldBe before
    }
  }
}
