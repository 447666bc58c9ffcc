package io.lakeloop.jobs

import java.io.InputStream
import java.nio.charset.StandardCharsets.{ISO_8859_1, UTF_8}
import java.nio.file.{Files, Path}
import java.util.zip.GZIPInputStream
import scala.collection.JavaConverters._

/** Personal data planted in every field, of every format, in the files' names: it is nowhere in the
  * lake but in the raw records, which retention is for.
  */
class PersonalDataSpec extends LoopSpec {

  /** Ten kinds, as text to plant, and what must not be found. */
  private val kinds: Seq[(String, String)] = Seq(
    "jane.roe%d@mail.example" -> "jane.roe%d@mail",
    "+49 30 90%d1282" -> "30 90%d1282",
    "4111 1111 1111 1111" -> "4111 1111 1111 1111",
    "DE89 3704 0044 0532 0130 00" -> "3704 0044 0532",
    "SSN 536-22-%d871" -> "536-22-%d871",
    "192.0.2.%d7" -> "192.0.2.%d7",
    "00:1B:44:11:3A:B%d" -> "00:1B:44:11:3A:B%d",
    "https://ada:pa55word%d@intranet.example/x" -> "pa55word%d",
    "password: hunter%dTiger99!" -> "hunter%dTiger99",
    "born on 1984-03-1%d" -> "1984-03-1%d"
  )

  private def planted(n: Int): String = kinds.map(_._1.format(n)).mkString(" and ")
  private def needles: Seq[String] =
    (1 to 9).flatMap(n => kinds.map(_._2.format(n))).distinct

  private def quoted(text: String) = "\"" + text.replace("\\", "\\\\").replace("\"", "\\\"") + "\""
  private def csv(text: String) = "\"" + text.replace("\"", "\"\"") + "\""

  private val lake = new TestLake()
  private val in = temporary()

  /** One field of the record after the other holds what is planted. */
  private def logs: String = {
    val fields = Seq(
      "conversation_id",
      "user_id",
      "prompt",
      "completion",
      "model_version",
      "product",
      "cohort"
    )
    val plain = Map(
      "conversation_id" -> "c1",
      "user_id" -> "u1",
      "prompt" -> "Where is my parcel?",
      "completion" -> "It is on its way to you today.",
      "model_version" -> "m1",
      "product" -> "Orbit",
      "cohort" -> "eu"
    )
    def record(n: Int, field: String, kind: String) =
      (plain + (field -> kind))
        .map { case (k, v) => s""""$k":${quoted(v)}""" }
        .mkString(
          "{",
          ",",
          s""","created_at":"2026-01-02T10:0$n:00Z","consent":true,
           |"retrieved_documents":[{"id":${quoted(kind)},"score":0.5}],
           |"messages":[{"role":"user","content":${quoted(kind)}}],
           |"tool_calls":[{"name":${quoted(kind)},"arguments":${quoted(kind)},"result":${quoted(
              kind
            )}}]}""".stripMargin
            .replace("\n", "")
        )
    val each =
      for ((field, n) <- fields.zip(1 to 9); kind <- kinds.map(_._1.format(n)))
        yield record(n, field, kind)
    val broken = each.take(5).map(_.dropRight(30)) ++ Seq(
      planted(8),
      quoted(planted(8)),
      s"""{"prompt":${quoted(planted(8))},"created_at":${quoted(planted(8))}}"""
    )
    (each ++ broken).mkString("\n")
  }

  private def secretsIn(text: String): Seq[String] = needles.filter(text.contains)

  /** Everything below the lake but what raw records hold; packed files as what they hold. */
  private def searched: Seq[(String, String)] = {
    val files = Files.walk(lake.root).iterator().asScala.toSeq.filter(Files.isRegularFile(_))
    val plain = files.map { file =>
      val name = lake.root.relativize(file).toString
      val bytes = Files.readAllBytes(file)
      val raw = name.matches("tables/interactions_raw/.*\\.parquet")
      val unpacked =
        if (name.endsWith(".gz")) text(new GZIPInputStream(Files.newInputStream(file))) else ""
      name -> (name + unpacked + (if (raw) ""
                                  else new String(bytes, ISO_8859_1) + new String(bytes, UTF_8)))
    }
    // All rows that any file still holds, of deleted versions, too.
    val packed = files
      .filter(_.toString.endsWith(".parquet"))
      .groupBy(file =>
        lake.root.relativize(file).getName(1).toString -> file.toString.contains("_delta_log")
      )
      .toSeq
      .map { case ((table, log), of) =>
        val rows = SharedSpark.session.read
          .option("mergeSchema", "true")
          .parquet(of.map(_.toString): _*)
        val read = if (table == "interactions_raw" && !log) rows.drop("payload") else rows
        table -> read.toJSON.collect().mkString("\n")
      }
    plain ++ packed
  }

  private def text(in: InputStream) = new String(in.readAllBytes(), UTF_8)

  private def submit(job: String, id: String, settings: (String, String)*): Int =
    lake.submit(
      job,
      id,
      Seq("max-quarantined-share" -> "1").filter(_ =>
        job.matches(".*(ingest|import|clean).*")
      ) ++ settings: _*
    )

  describe("personal data") {
    it("stays in the raw records, whatever job takes it in, and whether it succeeds or fails") {
      val name = "jane.roe1@mail.example_4111 1111 1111 1111"
      val file = write(in, s"$name.jsonl", logs)
      withClue(lake.output)(submit("ingest-logs", "i1", "path" -> file.toString) shouldBe 0)
      withClue(lake.output)(submit("clean-logs", "c1") shouldBe 0)
      withClue(lake.output)(
        lake.submit("sample-for-labeling", "s1", "items" -> "20", "keep-duplicates" -> "true")
      ) should (be(0) or be(2))

      val kindsOnly = kinds.map(_._1.format(3))
      val queue = kindsOnly.map(k =>
        s"""{"item_id":${quoted(k)},"prompt":${quoted(k)},"completion_a":${quoted(
            "A " + k
          )},"completion_b":${quoted("B " + k)},"product":${quoted(k)}}"""
      ) :+ s"""{"item_id":"x","prompt":"p","completion_a":"a","completion_b":"b","gold_value":${quoted(
          planted(3)
        )}}"""
      withClue(lake.output)(
        submit(
          "import-queue",
          "q1",
          "path" -> write(in, s"$name queue.jsonl", queue.mkString("\n")).toString
        ) shouldBe 0
      )
      val header =
        "item_id,rater_id,value,question,cohort,guideline_version,batch,comment,submitted_at,confidence\n"
      val labels = header + kinds
        .map(_._1.format(4))
        .zip(kindsOnly)
        .map { case (k, item) =>
          s"${csv(item)},${csv(k)},${csv(k)},${csv(k)},${csv(k)},${csv(k)},${csv(k)},${csv(k)},,\n" +
            s"${csv(item)},r1,a,preference,,,,,${csv(k)},\n" + s"${csv(item)},r2,b,preference,,,,,,\n" +
            csv(item) + ",r1,b,preference,,,,\"unclosed " + k + "\n"
        }
        .mkString
      withClue(lake.output)(
        submit("ingest-labels", "l1", "path" -> write(in, s"$name.csv", labels).toString) shouldBe 0
      )
      val studio = kinds
        .map(_._1.format(5))
        .map(k =>
          s"""{"id":${quoted(k)},"data":{"item_id":${quoted(k)},"batch":${quoted(
              k
            )}},"annotations":[{"completed_by":{"id":${quoted(k)},"email":${quoted(
              k
            )}},"result":[{"from_name":${quoted(k)},"value":{"choices":[${quoted(
              k
            )}]}},{"from_name":"c","value":{"text":[${quoted(
              k
            )}]}},{"from_name":"reasons","value":{"choices":[${quoted(k)}]}}]}]}"""
        )
      withClue(lake.output)(
        submit(
          "ingest-labels",
          "l2",
          "format" -> "label-studio",
          "path" -> write(in, s"$name.json", studio.mkString("[", ",", "]")).toString
        ) shouldBe 0
      )
      val trl = kinds
        .map(_._1.format(6))
        .map(k =>
          s"""{"prompt":[{"role":"system","content":${quoted(k)}},{"role":"user","content":${quoted(
              k
            )}}],"chosen":[{"role":"assistant","content":${quoted(
              "yes " + k
            )}}],"rejected":[{"role":"assistant","content":${quoted(
              "no " + k
            )}}],"product":${quoted(k)}}"""
        )
      withClue(lake.output)(
        submit(
          "import-preferences",
          "p1",
          "format" -> "trl",
          "path" -> write(in, s"$name.trl", trl.mkString("\n")).toString
        ) shouldBe 0
      )
      val hh = kinds
        .map(_._1.format(7))
        .map(k =>
          s"""{"chosen":${quoted(s"\n\nHuman: $k\n\nAssistant: yes $k").replace(
              "\n",
              "\\n"
            )},"rejected":${quoted(s"\n\nHuman: $k\n\nAssistant: no $k").replace("\n", "\\n")}}"""
        )
      withClue(lake.output)(
        submit(
          "import-preferences",
          "p2",
          "path" -> write(in, s"$name.hh", hh.mkString("\n")).toString
        ) shouldBe 0
      )
      lake.submit("labeler-agreement", "a1", "coefficients.resamples" -> "20") should (be(0) or be(
        2
      ))
      lake.submit(
        "export",
        "x1",
        "format" -> "trl",
        "snapshot" -> "p1",
        "path" -> in.resolve(s"$name.out").toString
      ) shouldBe 0
      lake.submit(
        "export",
        "x2",
        "format" -> "label-studio",
        "path" -> in.resolve("tasks.json").toString
      ) shouldBe 0
      // Runs that fail: no such file, wrong columns, too much refused, a file that is cut off.
      lake.submit("ingest-logs", "f1", "path" -> s"/nowhere/$name.jsonl") shouldBe 2
      lake.submit(
        "ingest-labels",
        "f2",
        "path" -> write(in, "h.csv", csv(planted(2)) + ",b\n1,2\n").toString
      ) shouldBe 2
      lake.submit(
        "ingest-logs",
        "f3",
        "path" -> write(in, s"f3 $name.jsonl", planted(2)).toString
      ) shouldBe 2
      lake.submit(
        "ingest-logs",
        "f4",
        "path" -> write(in, s"f4 $name.json", s"""[{"a":${quoted(planted(2))}},{"a":"x""").toString
      ) shouldBe 2
      lake.submit("ingest-labels", "f5", "question" -> planted(2), "path" -> "/nowhere") shouldBe 2
      withClue(lake.output)(lake.submit("report", "rep1") shouldBe 0)

      val found = searched.flatMap { case (file, text) => secretsIn(text).map(file -> _) }
      found.map { case (file, needle) => s"$file: $needle" } shouldBe Nil
      secretsIn(lake.output) shouldBe Nil
    }

    it("is in no file that others can read") {
      val open = Files
        .walk(lake.root)
        .iterator()
        .asScala
        .filter(file => file.toString.contains("/tables/"))
        .filter(file =>
          Files.getPosixFilePermissions(file).asScala.exists(p => !p.name.startsWith("OWNER"))
        )
        .toSeq
      open shouldBe empty
    }

    it("is behind a secret that lies outside the lake") {
      lake.clearOutput()
      lake.submit("clean-logs", "s2", "subject-key-file" -> "{lake}/secrets/key") shouldBe 2
      lake.output should include("it lies in the lake")
      val old = new TestLake()
      Files.createDirectories(old.root.resolve("secrets"))
      write(old.root.resolve("secrets"), "subject-key", "0123456789012345678901234567890123456789")
      write(
        in,
        "one.jsonl",
        """{"conversation_id":"c","created_at":"2026-01-02T10:00:00Z","prompt":"p","completion":"c"}"""
      )
      old.submit("ingest-logs", "i1", "path" -> in.resolve("one.jsonl").toString) shouldBe 0
      old.submit("clean-logs", "c1") shouldBe 2
      old.output should include("Move it: mkdir -p -m 700")
    }
  }
}
