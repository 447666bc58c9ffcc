package io.lakeloop.jobs

import java.nio.file.{Files, Path, Paths}
import java.util.Random
import org.apache.spark.sql.DataFrame
import org.apache.spark.sql.functions.expr

class LogFormatsSpec extends LoopSpec {
  private val openAi =
    """{"id":"chat-1","model":"gpt-x","created":1767225600,"user":"u1","messages":[
      |{"role":"system","content":"Be brief."},
      |{"role":"user","content":"What is the weather in Paris?"},
      |{"role":"assistant","content":null,"tool_calls":[{"id":"t1","type":"function",
      |"function":{"name":"weather","arguments":"{\"city\":\"Paris\"}"}}]},
      |{"role":"tool","tool_call_id":"t1","content":"18 degrees"},
      |{"role":"assistant","content":"It is 18 degrees, ask jane@mail.example."},
      |{"role":"user","content":[{"type":"text","text":"And is jane@mail.example there?"}]},
      |{"role":"assistant","content":"Yes, she is there for you today."}]}""".stripMargin
      .replace("\n", "")
  private val shareGpt =
    """[
      |  {"id": "s1", "conversations": [
      |    {"from": "human", "value": "Who are you and what do you do?"},
      |    {"from": "gpt", "value": "I am an assistant of this shop."},
      |    {"from": "human", "value": "Have a nice day!"},
      |    {"from": "gpt", "value": "Thank you, you have one too!"}]},
      |  {"id": "s2", "conversations": [{"from": "human", "value": "Nobody answers"}]},
      |  17
      |]""".stripMargin
  private val tree =
    """{"message_tree_id":"t1","prompt":{"message_id":"m1","role":"prompter","text":"How do I boil an egg?",
      |"replies":[{"message_id":"m2","role":"assistant","text":"Put it into hot water for seven minutes.","rank":0,
      |"replies":[{"message_id":"m4","role":"prompter","text":"And softer than that?",
      |"replies":[{"message_id":"m5","role":"assistant","text":"Take five minutes then, not seven."}]}]},
      |{"message_id":"m3","role":"assistant","text":"Just look it up in a book.","rank":1,"replies":[]}]}}""".stripMargin
      .replace("\n", "")
  private val messages = Seq(
    """{"message_id":"a","parent_id":null,"role":"prompter","text":"Where do the storks go in winter?"}""",
    """{"message_id":"b","parent_id":"a","role":"assistant","text":"They fly to the south of Africa."}""",
    """{"message_id":"c","parent_id":"b","role":"prompter","text":"All of them?"}""",
    """{"message_id":"d","parent_id":"c","role":"assistant","text":"No, some of them stay in Spain."}"""
  )

  private def cleaned(file: Path, settings: (String, String)*) = {
    val lake = new TestLake()
    val ingest = Seq("path" -> file.toString, "max-quarantined-share" -> "0.9") ++ settings
    lake.submit("ingest-logs", "i1", ingest: _*) shouldBe 0
    lake.submit("clean-logs", "c1", "max-quarantined-share" -> "0.9") shouldBe 0
    lake
  }

  private def turns(lake: TestLake) = lake
    .table("interactions")
    .select("conversation_id", "turn", "prompt", "completion")
    .collect()
    .map(r => (r.getString(0), r.getInt(1), r.getString(2), r.getString(3)))
    .toSet

  /** Every raw record is in exactly one of interactions and quarantine. */
  private def accounted(lake: TestLake): Unit = {
    val raw = lake.table("interactions_raw").select("record_id")
    val kept = lake.table("interactions").select("record_id").distinct()
    val refused =
      lake.table("quarantine").where("table_name = 'interactions'").select("record_id")
    raw.count() shouldBe kept.count() + refused.count()
    kept.intersect(refused).count() shouldBe 0
    refused.distinct().count() shouldBe refused.count()
    ()
  }

  describe("ingest-logs and clean-logs") {
    it("read OpenAI's chat messages with their tool calls") {
      val lake = cleaned(write(temporary(), "chat.jsonl", openAi))
      turns(lake) shouldBe Set(
        (
          "chat-1",
          1,
          "What is the weather in Paris?",
          "It is 18 degrees, ask <EMAIL_1>."
        ),
        ("chat-1", 2, "And is <EMAIL_1> there?", "Yes, she is there for you today.")
      )
      val first = lake.table("interactions").where("turn = 1").first()
      first.getSeq[org.apache.spark.sql.Row](first.fieldIndex("tool_calls")).map(_.toSeq) shouldBe
        Seq(Seq("weather", """{"city":"Paris"}""", "18 degrees"))
      first.getAs[java.sql.Timestamp]("created_at").toInstant.toString shouldBe
        "2026-01-01T00:00:00Z"
      first.getAs[String]("subject_key") should have length 32
      first.getAs[Boolean]("consent") shouldBe false
      lake.table("interactions").where("turn = 2 AND size(messages) = 6").count() shouldBe 1
      accounted(lake)
    }

    it("read ShareGPT's arrays, whose elements that are no conversation are refused") {
      val lake =
        cleaned(write(temporary(), "share.json", shareGpt), "consent" -> "labeling,training")
      turns(lake).map(t => (t._1, t._2)) shouldBe Set(("s1", 1), ("s1", 2))
      lake.count("interactions", "consent AND array_contains(consent_uses, 'labeling')") shouldBe 2
      lake
        .table("quarantine")
        .select("reason_code", "line")
        .collect()
        .map(r => r.getString(0) -> r.getLong(1))
        .toSet shouldBe Set("NO_EXCHANGE" -> 7L, "NOT_AN_OBJECT" -> 8L)
      accounted(lake)
    }

    it("read OpenAssistant's trees and messages, every answer with the way to it") {
      val trees = cleaned(write(temporary(), "tree.jsonl", tree))
      turns(trees).map(t => (t._2, t._3, t._4)) shouldBe Set(
        (1, "How do I boil an egg?", "Put it into hot water for seven minutes."),
        (1, "How do I boil an egg?", "Just look it up in a book."),
        (2, "And softer than that?", "Take five minutes then, not seven.")
      )
      accounted(trees)

      val lake = new TestLake()
      val file = write(temporary(), "messages.jsonl", messages.mkString("\n"))
      lake.submit("ingest-logs", "i1", "path" -> file.toString) shouldBe 0
      // Messages of users are no fault: the share of refused records stays as it is.
      lake.submit("clean-logs", "c1") shouldBe 0
      turns(lake).map(t => (t._2, t._3)) shouldBe
        Set((1, "Where do the storks go in winter?"), (2, "All of them?"))
      lake.count("quarantine", "reason_code = 'NOT_AN_EXCHANGE'") shouldBe 2
      accounted(lake)
    }

    it("flag broken rules with their values, or drop them where that is set") {
      val line = (completion: String) =>
        s"""{"conversation_id":"c","created_at":"2026-01-01T00:00:00Z","prompt":"hello there",""" +
          s""""completion":"$completion","consent":true}"""
      val file = write(
        temporary(),
        "logs.jsonl",
        Seq(line("ok"), line("All is well with your order, it left today.")).mkString("\n")
      )
      val lake = cleaned(file)
      val flagged = lake.table("interactions").where("size(quality_flags) > 0").first()
      flagged.getMap[String, Double](flagged.fieldIndex("quality_values")) shouldBe
        Map("TOO_SHORT" -> 1.0)

      val strict = new TestLake()
      strict.submit("ingest-logs", "i1", "path" -> file.toString) shouldBe 0
      val settings = Seq("drop" -> "TOO_SHORT", "max-quarantined-share" -> "0.9")
      strict.submit("clean-logs", "c1", settings: _*) shouldBe 0
      strict.count("interactions") shouldBe 1
      strict.count("quarantine", "reason_code = 'QUALITY_TOO_SHORT'") shouldBe 1
      strict.submit("clean-logs", "c2", "drop" -> "TOO_SHROT") shouldBe 2
      strict.output should include("drop names the quality rules [TOO_SHROT]")
    }

    it("account for ten thousand fuzzed lines and leave nothing personal in quarantine") {
      val random = new Random(5)
      val personal = Seq("jane.doe@mail.example", "4111 1111 1111 1111", "+49 30 12345678")
      def good(i: Int) =
        s"""{"conversation_id":"c${i % 700}","user_id":"user-${if (i % 9 == 8) "0815"
          else "4711"}-$i","created_at":"2026-01-02T10:00:00Z",""" +
          s""""prompt":"I am ${personal(
              i % 3
            )}, where is parcel $i?","completion":"It comes on day $i of this year.",""" +
          s""""latency_ms":12,"consent":true}"""
      val out = Files.newOutputStream(temporary().resolve("fuzz.jsonl"))
      val file = Paths.get(temporary().toString, "fuzz.jsonl")
      out.close()
      val stream = new java.io.BufferedOutputStream(Files.newOutputStream(file))
      for (i <- 0 until 10000) {
        val line = good(i)
        val bytes = i % 9 match {
          case 0 => line.substring(0, random.nextInt(line.length)).getBytes
          case 1 => line.replace("\"latency_ms\":12", "\"latency_ms\":\"12\"").getBytes
          case 2 => line.replace("\"consent\":true", "\"consent\":7").getBytes
          case 3 =>
            val raw = line.getBytes
            raw(random.nextInt(raw.length)) = 0xc3.toByte
            raw
          case 4 if i == 4 => line.replace("parcel", "x" * (10 << 20)).getBytes
          case 4 =>
            line.replace("true}", "true,\"a\":" + "[" * 2000 + "]" * 2000 + "}").getBytes
          case 5 => line.replace("parcel", "par\u0000cel").getBytes
          case 6 => line.replace("\"prompt\":\"", "\"prompt\":[\"").getBytes
          case 7 => line.replace("@", "\\u0040").getBytes
          case _ =>
            val chars = line.toCharArray
            chars(random.nextInt(chars.length)) = ('!' + random.nextInt(90)).toChar
            new String(chars).getBytes
        }
        stream.write(bytes)
        stream.write('\n')
      }
      stream.close()
      val lake = cleaned(file)
      lake.count("interactions_raw") + lake.count(
        "quarantine",
        "table_name = 'interactions_raw'"
      ) shouldBe 10000
      accounted(lake)
      lake.count("interactions") should be > 2000L
      val kept = lake.table("quarantine").select("payload", "reason").collect()
      kept should not be empty
      val text = kept.map(_.mkString("\n")).mkString("\n")
      Seq("jane.doe@mail", "4111 1111", "12345678", "user-4711-1").foreach { secret =>
        withClue(secret)(text should not include secret)
      }
    }
  }

  describe("the public sets, where they are at hand") {
    val data = Paths.get("..", "..", "shared", "data").toAbsolutePath.normalize

    it("go in: OpenAssistant's trees and messages, FastChat's conversations") {
      assume(Files.exists(data), "the data sets are not at hand")
      for (
        (name, records, turns) <- Seq(
          ("en_100_tree.jsonl.gz", 100, 0),
          ("en_100_message.jsonl.gz", 100, 0),
          ("realistic_seed_data.json", 444, 265),
          ("fastchat_dummy_conversation.json.gz", 0, 0)
        )
      ) {
        val lake = new TestLake()
        val path = data.resolve("oasst_samples").resolve(name).toString
        lake.submit("ingest-logs", "i1", "path" -> path) shouldBe 0
        lake.submit("clean-logs", "c1", "max-quarantined-share" -> "0.2") shouldBe 0
        accounted(lake)
        val counts = (
          lake.count("interactions_raw"),
          lake.count("interactions"),
          lake.count("quarantine")
        )
        info(s"$name: $counts records, interactions, quarantined")
        if (records > 0) counts._1 shouldBe records
        if (turns > 0) counts._2 shouldBe turns
        if (name == "en_100_tree.jsonl.gz") {
          // Counted by hand, by a script that walks the trees.
          byTurn(lake.table("interactions"), "turn") shouldBe Map(1 -> 333, 2 -> 346, 3 -> 8)
          lake.count("interactions", "size(messages) = 2 * turn - 1") shouldBe 687
          lake.submit("import-preferences", "p1", "path" -> path) shouldBe 0
          val depth = "CAST((size(messages) + 1) / 2 AS INT)"
          byTurn(lake.table("preferences"), depth) shouldBe Map(1 -> 438, 2 -> 312, 3 -> 4)
        }
      }
    }

    def byTurn(rows: DataFrame, turn: String): Map[Int, Long] =
      rows
        .groupBy(expr(turn))
        .count()
        .collect()
        .map(r => r.getInt(0) -> r.getLong(1))
        .toMap

    it("show that patterns find what they are for") {
      assume(Files.exists(data), "the data sets are not at hand")
      val lake = new TestLake()
      val path = data.resolve("presidio_synth").resolve("generated_small.json").toString
      lake.submit("evaluate-redaction", "r1", "path" -> path) shouldBe 0
      val all = lake
        .table("evaluations")
        .where("slice_kind = 'all'")
        .collect()
        .map(r => r.getAs[String]("metric") -> r.getAs[Double]("value"))
        .toMap
      all("recall") should be >= 0.98
      all("precision") should be >= 0.90
      lake.count("evaluations", "slice_kind = 'entity_type'") should be > 10L
    }
  }
}
