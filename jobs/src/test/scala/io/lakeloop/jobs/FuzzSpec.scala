package io.lakeloop.jobs

import io.lakeloop.algorithm.CounterRandom

/** Values that no log should hold, in every field, through every job that follows: each record is
  * kept or refused with a reason, and no run ends in a defect.
  */
class FuzzSpec extends LoopSpec {
  private val lake = new TestLake()

  private def draw(bound: Int, counters: Long*): Int =
    Math.floorMod(CounterRandom.bits(4, counters: _*), bound.toLong).toInt

  /** JSON values. */
  private val values: IndexedSeq[String] = IndexedSeq(
    "null",
    "true",
    "\"\"",
    "\" \"",
    "[]",
    "{}",
    "[null]",
    "[[[]]]",
    "0",
    "-1",
    "0.5",
    "1e308",
    "-1e308",
    "1e999",
    "1e-999",
    "9223372036854775807",
    "-9223372036854775808",
    "9" * 400,
    "\"NaN\"",
    "\"Infinity\"",
    "\"\\u0000\"",
    "\"\\ud800\"",
    "\"\\u202e\\u200b\"",
    "\"" + "x" * 3000 + "\"",
    "\"" + "ab " * 40000 + "\"",
    "\"'; DROP TABLE runs; --\"",
    "\"../../etc\"",
    "\"1850-01-01T00:00:00Z\"",
    "\"1000-01-01T00:00:00Z\"",
    "\"-5000-01-01T00:00:00Z\"",
    "\"+99999-01-01T00:00:00Z\"",
    "\"999999999-01-01T00:00:00Z\"",
    "\"2026-02-30T00:00:00Z\"",
    "\"1969-12-31T23:59:59Z\"",
    "\"2026-01-02T10:00:00.123456789+18:00\"",
    "1767600000.25",
    "1767600000123",
    "{\"role\":\"user\"}",
    "[{\"role\":1,\"content\":{}}]",
    "[{\"from\":null,\"value\":[]}]",
    "\"<EMAIL_1>\"",
    "\"%s%n%d\"",
    "\"a,b\\\"c\\n\""
  )

  private val lakeloop = Seq(
    "conversation_id" -> "\"c%d\"",
    "user_id" -> "\"u%d\"",
    "created_at" -> "\"2026-01-02T10:00:00Z\"",
    "prompt" -> "\"Where is parcel %d of the day?\"",
    "completion" -> "\"It is on its way, number %d, today.\"",
    "turn" -> "1",
    "model_version" -> "\"m1\"",
    "product" -> "\"Orbit\"",
    "cohort" -> "\"eu\"",
    "latency_ms" -> "200",
    "tokens_in" -> "10",
    "tokens_out" -> "12",
    "thumb" -> "1",
    "csat" -> "4",
    "task_completed" -> "true",
    "escalated" -> "false",
    "business_value" -> "1.5",
    "consent" -> "true",
    "messages" -> "[{\"role\":\"system\",\"content\":\"Be brief.\"}]",
    "retrieved_documents" -> "[{\"id\":\"d1\",\"score\":0.5,\"rank\":1}]",
    "tool_calls" -> "[{\"name\":\"find\",\"arguments\":\"{}\",\"result\":\"x\"}]"
  )
  private val openAi = Seq(
    "id" -> "\"o%d\"",
    "created" -> "1767600000",
    "model" -> "\"m1\"",
    "messages" -> "[{\"role\":\"user\",\"content\":\"Where is parcel %d?\"},{\"role\":\"assistant\",\"content\":\"It is on its way, number %d.\"}]"
  )
  private val shareGpt = Seq(
    "id" -> "\"s%d\"",
    "conversations" -> "[{\"from\":\"human\",\"value\":\"Where is parcel %d?\"},{\"from\":\"gpt\",\"value\":\"It is on its way, number %d.\"}]"
  )
  private val message = Seq(
    "message_id" -> "\"p%d\"",
    "parent_id" -> "null",
    "role" -> "\"prompter\"",
    "text" -> "\"Where is parcel %d?\"",
    "created_date" -> "\"2026-01-02T10:00:00Z\"",
    "replies" -> "[{\"message_id\":\"r%d\",\"role\":\"assistant\",\"text\":\"On its way.\"}]"
  )
  private val forms = IndexedSeq(lakeloop, openAi, shareGpt, message)

  /** One field of a record holds one of the values; every fifth record is as it should be. */
  private def record(n: Int): String = {
    val form = forms(if (n % 2 == 0) 0 else draw(forms.size, n, 0))
    val at = if (n % 5 == 0) -1 else draw(form.size, n, 1)
    form.zipWithIndex
      .map { case ((key, value), i) =>
        val shown =
          if (i != at) value.replace("%d", n.toString)
          else if (draw(4, n, 2) == 0) s"""[${values(draw(values.size, n, 3))}]"""
          else values(draw(values.size, n, 3))
        s""""$key":$shown"""
      }
      .mkString("{", ",", "}")
  }

  private def submit(job: String, id: String, settings: (String, String)*): Int = {
    lake.clearOutput()
    val code = lake.submit(job, id, settings: _*)
    withClue(s"$job: ${lake.output}") {
      code should (be(0) or be(2))
      lake.output should not include "defect"
    }
    code
  }

  private val all = "max-quarantined-share" -> "1"

  describe("fuzzed values") {
    it("go through ingest and clean, each record kept or refused") {
      val file = write(temporary(), "logs.jsonl", (0 until 1200).map(record).mkString("\n"))
      submit("ingest-logs", "i1", "path" -> file.toString, all) shouldBe 0
      lake.count("interactions_raw") shouldBe 1200
      submit("clean-logs", "c1", all) shouldBe 0
      val kept = lake.table("interactions").select("record_id")
      val refused =
        lake.table("quarantine").where("table_name = 'interactions'").select("record_id")
      lake
        .table("interactions_raw")
        .join(kept, Seq("record_id"), "left_anti")
        .join(refused, Seq("record_id"), "left_anti")
        .count() shouldBe 0
      kept.join(refused, "record_id").count() shouldBe 0
      // The sound fifth, and what may hold such a value, is kept.
      lake.count("interactions") should be > 400L
      lake.count(
        "interactions",
        "created_at < '1970-01-01' OR created_at >= '2100-01-01'"
      ) shouldBe 0
    }

    it("and through everything behind") {
      submit("sample-for-labeling", "s1", "items" -> "60")
      val items = lake.table("labeling_queue").select("item_id").collect().map(_.getString(0))
      val cells = values.map(v =>
        if (v.startsWith("\""))
          v.drop(1).dropRight(1).replace("\\n", "\n").replace("\\u0000", "\u0000")
        else v
      )
      val header =
        "item_id,rater_id,value,started_at,submitted_at,lead_time,confidence,shown_position,cohort,comment"
      val plain =
        IndexedSeq("", "r1", "a", "", "2026-01-02T10:00:00Z", "12.5", "0.9", "ab", "eu", "")
      val rows = items.toSeq.flatMap { item =>
        (0 until 8).map { r =>
          val at = if (r < 4) -1 else draw(plain.size, item.hashCode, r, 0)
          plain
            .updated(0, item)
            .updated(1, s"r$r")
            .updated(2, if ((item.hashCode + r) % 3 == 0) "b" else "a")
            .zipWithIndex
            .map { case (cell, i) =>
              "\"" + (if (i == at) cells(draw(cells.size, item.hashCode, r, 1)) else cell)
                .replace("\"", "\"\"") + "\""
            }
            .mkString(",")
        }
      }
      val labels = write(temporary(), "labels.csv", (header +: rows).mkString("\n"))
      submit("ingest-labels", "l1", "path" -> labels.toString, all) shouldBe 0
      submit("labeler-agreement", "a1", "coefficients.resamples" -> "20")
      submit("build-preferences", "p1", "labels.min-probability" -> "0.5", "agreement-run" -> "a1")
      submit("train-reward", "t1", "name" -> "reward-linear", "snapshot" -> "p1")
      submit(
        "export",
        "x1",
        "format" -> "label-studio",
        "path" -> temporary().resolve("out.json").toString
      )
      submit("report", "rep1") shouldBe 0
      submit("enforce-retention", "e1", "keep-days" -> "interactions=10") shouldBe 0
    }

    it("in pairs and items made elsewhere, too") {
      val pair = Seq(
        "prompt" -> "\"p %d\"",
        "chosen" -> "\"yes %d\"",
        "rejected" -> "\"no %d\"",
        "p_chosen" -> "0.9",
        "weight" -> "1",
        "margin" -> "0.5",
        "product" -> "\"x\""
      )
      def fuzzed(form: Seq[(String, String)], n: Int) = {
        val at = draw(form.size, n, 5)
        form.zipWithIndex
          .map { case ((k, v), i) =>
            s""""$k":${if (i == at) values(draw(values.size, n, 6))
              else v.replace("%d", n.toString)}"""
          }
          .mkString("{", ",", "}")
      }
      val pairs =
        write(temporary(), "pairs.jsonl", (0 until 300).map(fuzzed(pair, _)).mkString("\n"))
      submit(
        "import-preferences",
        "ip",
        "path" -> pairs.toString,
        "format" -> "trl",
        all
      ) shouldBe 0
      submit("train-reward", "t2", "name" -> "reward-linear", "snapshot" -> "ip")
      val item = Seq(
        "item_id" -> "\"i%d\"",
        "prompt" -> "\"p %d\"",
        "completion_a" -> "\"a %d\"",
        "completion_b" -> "\"b %d\"",
        "product" -> "\"x\"",
        "gold_value" -> "\"a\""
      )
      val queue =
        write(temporary(), "queue.jsonl", (0 until 300).map(fuzzed(item, _)).mkString("\n"))
      submit("import-queue", "iq", "path" -> queue.toString, all) shouldBe 0
    }
  }
}
