package io.lakeloop.jobs

import io.lakeloop.config.Name
import io.lakeloop.table.{EvaluationTables, FeedbackTables, TableRows}
import java.nio.file.Files
import java.sql.Timestamp
import org.apache.spark.sql.functions.lit
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

  private def judged(l: TestLake, prompt: String): Unit = {
    val row = EvaluationTables.JUDGMENTS
      .columns()
      .asScala
      .map(_.name())
      .filterNot(name => name.endsWith("score") || name == "messages")
      .map(_ -> "x")
      .toMap ++ Map("prompt" -> prompt, "verdict" -> "tie")
    val rows = new TableRows(EvaluationTables.JUDGMENTS)
      .add(row.mapValues(_.asInstanceOf[AnyRef]).toMap.asJava)
    val run = Name.parse("x" + prompt.hashCode.abs)
    val dataset = rows.dataset(SharedSpark.session).withColumn("run_id", lit(run.text()))
    l.lake.replace(EvaluationTables.JUDGMENTS, run, dataset, "{}")
    ()
  }

  describe("enforce-retention") {
    lazy val l = lake()

    it("refuses a request that names nobody, before anything is deleted") {
      val requests =
        write(temporary(), "requests.jsonl", "{\"user_id\":\"eve\"}\n{\"user\":\"bob\"}\n")
      val before = l.count("interactions")
      l.submit("enforce-retention", "e0", "requests" -> requests.toString) shouldBe 2
      l.output should include("line 2: it must be JSON with user_id, or subject_key")
      l.count("interactions") shouldBe before
    }

    it("forgets a person in every table and file, and tells what was made of the words") {
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
      // The spec's clock stands in March 2026: January is older than 45 days, February is not.
      val young = l.count("interactions", "created_at >= '2026-02-01'")
      l.submit("enforce-retention", "e2", "keep-days" -> "interactions=45") shouldBe 0
      l.count("interactions") shouldBe young
      l.table("deletions").where("run_id = 'e2'").first().getAs[String]("reason") shouldBe "expired"
      l.submit("enforce-retention", "e3", "keep-days" -> "interactoins=45") shouldBe 2
      l.output should include("interactoins has no retention limit")
    }

    it("finds a person in every message of a tree, and in those that others answered") {
      val l = new TestLake()
      def said(id: String, parent: String, user: String) =
        s"""{"message_id":"$id","parent_id":$parent,"message_tree_id":"t2","user_id":"$user",""" +
          s""""role":"${if (id.startsWith("a")) "assistant" else "prompter"}",""" +
          s""""text":"Words of $user in message $id, as they were written."}"""
      val tree =
        """{"message_tree_id":"t1","prompt":{"message_id":"p0","role":"prompter","user_id":"ann",
          |"text":"Where is the first parcel?","replies":[{"message_id":"a0","role":"assistant",
          |"user_id":"bob","text":"It lies in the hall.","replies":[{"message_id":"p1","role":
          |"prompter","user_id":"eve","text":"And the second one?","replies":[{"message_id":"a1",
          |"role":"assistant","user_id":"bob","text":"It lies in the cellar."}]}]}]}}""".stripMargin
          .replace("\n", " ")
      val nobody = (1 to 2).map(i =>
        s"""{"conversation_id":"n$i","user_id":"${" " * i}","created_at":"2026-01-02T10:00:00Z",""" +
          s""""prompt":"Where is parcel $i of nobody?","completion":"It is still on its way, $i."}"""
      )
      val linked = Seq(
        said("p2", "null", "ann"),
        said("a2", "\"p2\"", "bob"),
        said("p3", "\"a2\"", "eve"),
        said("a3", "\"p3\"", "bob"),
        said("p4", "\"a2\"", "carl"),
        said("a4", "\"p4\"", "bob"),
        said("p5", "null", "carl"),
        said("a5", "\"p5\"", "dave")
      )
      val same = Seq("fay", "gus").map(user =>
        s"""{"conversation_id":"$user","user_id":"$user","created_at":"2026-01-02T10:00:00Z",""" +
          s""""prompt":"Words of dave in message p6, as they were written.","completion":"To $user."}"""
      )
      val all = Seq(Seq(tree), nobody, same, linked).flatten
      val logs = write(temporary(), "logs.jsonl", all.mkString("\n"))
      l.submit("ingest-logs", "i1", "path" -> logs.toString) shouldBe 0
      withClue(l.output)(l.submit("clean-logs", "c1", "duplicates.near" -> "false") shouldBe 0)
      // Each exchange is of whom the prompt is of; blanks are nobody's name.
      l.count("interactions", "subject_key IS NULL") shouldBe 2
      l.table("interactions").select("subject_key").distinct().count() shouldBe 6
      l.count("interactions") shouldBe 10

      def forget(run: String, users: String*): Unit = {
        val requests = users.map(user => s"""{"user_id":"$user"}""").mkString("\n")
        val file = write(temporary(), "requests.jsonl", requests)
        l.clearOutput()
        withClue(l.output) {
          l.submit("enforce-retention", run, "requests" -> file.toString) shouldBe 0
        }
      }
      // The tree is one record, and goes as a whole; of the messages her own goes.
      forget("e1", "eve", "zoe")
      l.output should include("1 of 2 people asked for are in no table")
      l.count("interactions_raw", "payload LIKE '%eve%'") shouldBe 0
      l.count("interactions", "conversation_id = 't1'") shouldBe 0
      l.count("interactions", "conversation_id = 't2'") shouldBe 3
      // What carl asked goes back to what ann had asked, and that is known when raw records are
      // gone; his other question does not. What is asked by two who both asked to go is nobody's.
      val old = l.lake
        .read(FeedbackTables.INTERACTIONS_RAW)
        .withColumn("received_at", lit(new Timestamp(0)))
      l.lake.replace(FeedbackTables.INTERACTIONS_RAW, Name.parse("i1"), old, "{}")
      l.count("quarantine", "payload LIKE '%Words of%'") should be > 0L
      l.submit("enforce-retention", "e2", "keep-days" -> "interactions_raw=1") shouldBe 0
      l.count("interactions_raw") shouldBe 0
      l.count("quarantine") shouldBe 0
      judged(l, "Words of dave in message p6, as they were written.")
      judged(l, "Words of carl in message p5, as they were written.")
      forget("e3", "ann", "fay", "gus")
      l.count("interactions", "conversation_id = 't2'") shouldBe 1
      l.count("interactions") shouldBe 3
      l.table("judgments").select("prompt").collect().map(_.getString(0)).toSeq shouldBe Seq(
        "Words of carl in message p5, as they were written."
      )
    }
  }
}
