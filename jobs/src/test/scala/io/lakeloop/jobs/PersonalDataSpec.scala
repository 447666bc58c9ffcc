package io.lakeloop.jobs

import java.io.InputStream
import java.nio.charset.StandardCharsets.{ISO_8859_1, UTF_8}
import java.nio.file.{Files, Path}
import java.util.zip.{GZIPInputStream, GZIPOutputStream}
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

  private def json(text: String) =
    "\"" + text.replace("\\", "\\\\").replace("\"", "\\\"").replace("\n", "\\n") + "\""
  private def csv(text: String) = "\"" + text.replace("\"", "\"\"") + "\""

  private val lake = new TestLake()
  private val in = temporary()
  private val name = "jane.roe1@mail.example_4111 1111 1111 1111"

  private def each(n: Int)(record: String => String): Seq[String] =
    kinds.map(kind => record(kind._1.format(n)))

  private def packed(file: Path): Path = {
    val out = new GZIPOutputStream(
      Files.newOutputStream(file.resolveSibling(s"${file.getFileName}.gz"))
    )
    out.write(Files.readAllBytes(file))
    out.close()
    Files.delete(file)
    file.resolveSibling(s"${file.getFileName}.gz")
  }

  private def parquet(records: Seq[String], folder: Path): Path = {
    import SharedSpark.session.implicits._
    SharedSpark.session.read.json(records.toDS()).coalesce(1).write.parquet(folder.toString)
    folder
  }

  /** One field of the record after the other holds what is planted. */
  private def logs: Seq[String] = {
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
        .map { case (k, v) => s""""$k":${json(v)}""" }
        .mkString(
          "{",
          ",",
          s""","created_at":"2026-01-02T10:0$n:00Z","consent":true,
           |"retrieved_documents":[{"id":${json(kind)},"score":0.5}],
           |"messages":[{"role":"user","content":${json(kind)}}],
           |"tool_calls":[{"name":${json(kind)},"arguments":${json(kind)},"result":${json(
              kind
            )}}]}""".stripMargin
            .replace("\n", "")
        )
    val sound =
      for ((field, n) <- plain.keys.toSeq.sorted.zip(1 to 9); kind <- each(n)(identity))
        yield record(n, field, kind)
    val broken = sound.take(5).map(_.dropRight(30)) ++ Seq(
      planted(8),
      json(planted(8)),
      s"""{"prompt":${json(planted(8))},"created_at":${json(planted(8))}}"""
    )
    sound ++ broken
  }

  private def openAi =
    each(2)(k => s"""{"id":${json(k)},"model":${json(k)},"created":1767225600,"user":${json(k)},
       |"metadata":{"x":${json(k)}},"messages":[{"role":"system","content":${json(k)}},
       |{"role":"user","name":${json(k)},"content":[{"type":"text","text":${json(k)}}]},
       |{"role":"assistant","content":null,"tool_calls":[{"id":${json(k)},"type":"function",
       |"function":{"name":${json(k)},"arguments":${json(json(k))}}}]},
       |{"role":"tool","tool_call_id":${json(k)},"content":${json(k)}},
       |{"role":"assistant","content":${json("Sure: " + k)}}]}""".stripMargin.replace("\n", ""))
  private def shareGpt = each(3)(k =>
    s"""{"id":${json(k)},"model":${json(k)},"conversations":[{"from":"system","value":${json(k)}},
       |{"from":"human","value":${json(k)}},{"from":"gpt","value":${json("Sure: " + k)}},
       |{"from":${json(k)},"value":${json(k)}}]}""".stripMargin.replace("\n", "")
  )
  private def trees = each(4)(k =>
    s"""{"message_tree_id":${json(k)},"prompt":{"message_id":${json(k)},"user_id":${json(k)},
       |"lang":${json(k)},"role":"prompter","text":${json(k)},"replies":[
       |{"message_id":${json("a " + k)},"role":"assistant","text":${json("yes " + k)},"rank":0,
       |"labels":{${json(k)}:{"value":1}}},
       |{"message_id":${json("b " + k)},"role":"assistant","text":${json(
        "no " + k
      )},"rank":1}]}}""".stripMargin
      .replace("\n", "")
  )
  private def messages = each(5)(k =>
    s"""{"message_id":${json("q " + k)},"parent_id":null,"role":"prompter","text":${json(k)}}
       |{"message_id":${json("r " + k)},"parent_id":${json("q " + k)},"user_id":${json(k)},
       |"role":"assistant","text":${json("Sure: " + k)}}""".stripMargin.replace(",\n", ",")
  )

  private val items = each(3)(identity)
  private def queue = items.map(k =>
    s"""{"item_id":${json(k)},"prompt":${json(k)},"completion_a":${json("A " + k)},
       |"completion_b":${json("B " + k)},"product":${json(k)},"gold_value":${json(
        k
      )}}""".stripMargin
      .replace("\n", "")
  )
  private def longLabels = each(4)(identity).zip(items).flatMap { case (k, item) =>
    Seq(
      s"${csv(item)},${Seq.fill(7)(csv(k)).mkString(",")},,",
      s"${csv(item)},r1,a,preference,,,,,${csv(k)},",
      s"${csv(item)},r2,b,preference,,,,,,${csv(k)}",
      s"${csv(item)},r2,b,preference,,,,,,",
      s"""${csv(item)},r1,b,preference,,,,"unclosed $k"""
    )
  }
  private val columns =
    "item_id,rater_id,value,question,cohort,guideline_version,batch,comment,submitted_at,confidence"
  private def parquetLabels = each(5)(k =>
    columns.split(",").map(column => s""""$column":${json(k)}""").mkString("{", ",", "}")
  ) ++ each(6)(k => s"""{"item_id":${json(k)},"rater_id":${json(k)},"value":${json(k)}}""")
  private def studio = each(5)(k =>
    s"""{"id":${json(k)},"data":{"item_id":${json(k)},"batch":${json(k)}},"annotations":[
       |{"completed_by":{"id":${json(k)},"email":${json(k)}},"result":[
       |{"from_name":${json(k)},"value":{"choices":[${json(k)}]}},
       |{"from_name":"c","value":{"text":[${json(k)}]}},
       |{"from_name":"reasons","value":{"choices":[${json(k)}]}}]}]}""".stripMargin
      .replace("\n", "")
  )
  private def argilla = each(6)(k =>
    s"""{"id":${json(k)},"fields":{"prompt":${json(k)}},"responses":{${json(k)}:[
       |{"user_id":${json(k)},"value":${json(k)},"status":"submitted"}]}}
       |{"external_id":${json("x " + k)},"metadata":{"batch":${json(
        k
      )}},"responses":[{"user_id":${json(k)},
       |"status":${json(k)},"values":{"rank":{"value":${json(k)}}}},{"user_id":${json(k)},
       |"status":"submitted","values":{"rank":{"value":[{"value":${json(
        k
      )},"rank":1}]}}}]}""".stripMargin
      .replace(",\n", ",")
      .replace("[\n", "[")
  )

  private def trl = each(6)(k =>
    s"""{"prompt":[{"role":"system","content":${json(k)}},{"role":"user","content":${json(k)}}],
       |"chosen":[{"role":"assistant","content":${json("yes " + k)}}],
       |"rejected":[{"role":"assistant","content":${json("no " + k)}}],"product":${json(k)},
       |"margin":${json(k)}}
       |{"prompt":${json(k)},"chosen":${json("yes " + k)},"rejected":${json(
        "no " + k
      )},"product":${json(k)}}""".stripMargin
      .replace(",\n", ",")
  )
  private def hh = each(7)(k => s"""{"chosen":${json(s"\n\nHuman: $k\n\nAssistant: yes $k")},
       |"rejected":${json(s"\n\nHuman: $k\n\nAssistant: no $k")}}""".stripMargin.replace("\n", ""))
  private def openAiPairs = each(8)(k =>
    s"""{"input":{"messages":[{"role":"system","content":${json(
        k
      )}},{"role":"user","content":${json(k)}}]},
       |"preferred_output":[{"role":"assistant","content":${json("yes " + k)}}],
       |"non_preferred_output":[{"role":"assistant","content":${json("no " + k)}}]}""".stripMargin
      .replace("\n", "")
  )
  private def longPairs = "prompt,chosen,rejected,product,weight" +: each(9)(k =>
    s"${csv(k)},${csv("yes " + k)},${csv("no " + k)},${csv(k)},\n${csv(k)},x,y,z,${csv(k)}"
  )
  private def parquetPairs = each(1)(k =>
    s"""{"prompt":${json(k)},"chosen":${json("yes " + k)},"rejected":${json(
        "no " + k
      )},"product":${json(k)}}"""
  )

  /** UKP's two files in a folder of their own. */
  private def votes: Path = {
    val folder = Files.createDirectories(in.resolve(s"ukp $name"))
    val arguments = each(2)(k =>
      s"${csv("1 " + k)},${csv(k)},${csv("yes " + k)}\n${csv("2 " + k)},${csv(k)},${csv("no " + k)}"
    )
    val pairs = each(2)(k => s"${csv(k)},${csv(k)},${csv("1 " + k)},${csv("2 " + k)},a1")
    write(folder, "arguments.csv", ("arg_id,stance,text" +: arguments).mkString("\n"))
    write(folder, "pairs.csv", ("topic,pair_id,arg1_id,arg2_id,gold_label" +: pairs).mkString("\n"))
    folder
  }

  private def file(suffix: String, records: Seq[String]): Path =
    write(in, s"$name.$suffix", records.mkString("\n"))

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

  private def succeeds(job: String, id: String, settings: (String, Any)*): Unit =
    ends(0)(
      job,
      id,
      settings ++ allRefused.filter(_ => job.matches("(ingest|import|clean)-.*")): _*
    )

  private val allRefused = Seq("max-quarantined-share" -> 1)

  private def ends(code: Int)(job: String, id: String, settings: (String, Any)*): Unit = {
    val ended =
      lake.submit(job, id, settings.map { case (key, value) => key -> value.toString }: _*)
    withClue(s"$id: ${lake.output}")(ended shouldBe code)
    ()
  }

  describe("personal data") {
    it("stays in the raw records, whatever job takes it in, and whether it succeeds or fails") {
      val formats = Files.createDirectories(in.resolve("logs"))
      write(formats, s"$name chat.jsonl", openAi.mkString("\n"))
      write(formats, s"$name share.json", shareGpt.mkString("[", ",\n", "]"))
      write(formats, s"$name trees.jsonl", trees.mkString("\n"))
      packed(write(formats, s"$name messages.jsonl", messages.mkString("\n")))
      succeeds("ingest-logs", "i1", "path" -> file("jsonl", logs), "source-system" -> planted(3))
      succeeds("ingest-logs", "i2", "path" -> formats)
      succeeds("clean-logs", "c1", "duplicates.near" -> false)
      val gold = file(
        "gold",
        each(7)(k =>
          s"""{"prompt":${json(k)},"completion_a":${json("A " + k)},"completion_b":${json(
              "B " + k
            )},"value":"a"}"""
        )
      )
      succeeds(
        "sample-for-labeling",
        "s1",
        "items" -> 20,
        "strata" -> "product,cohort",
        "gold-questions" -> gold
      )

      succeeds("import-queue", "q1", "path" -> file("queue", queue))
      succeeds("import-queue", "q2", "format" -> "ukp", "path" -> votes)
      succeeds("ingest-labels", "l1", "path" -> file("csv", columns +: longLabels))
      succeeds(
        "ingest-labels",
        "l2",
        "path" -> parquet(parquetLabels, in.resolve(s"labels $name")),
        "format" -> "long-parquet"
      )
      succeeds(
        "ingest-labels",
        "l3",
        "path" -> file("json", Seq(studio.mkString("[", ",", "]"))),
        "format" -> "label-studio"
      )
      succeeds(
        "ingest-labels",
        "l4",
        "path" -> packed(file("argilla", argilla)),
        "format" -> "argilla",
        "question" -> planted(4)
      )
      for (
        (format, path) <- Seq(
          "trl" -> file("trl", trl),
          "hh" -> packed(file("hh", hh)),
          "openai-dpo" -> file("dpo", openAiPairs),
          "oasst" -> file("oasst", trees),
          "long-csv" -> file("pairs", longPairs),
          "long-parquet" -> parquet(parquetPairs, in.resolve(s"pairs $name")),
          "ukp" -> votes
        )
      ) {
        succeeds(
          "import-preferences",
          s"p-$format",
          "format" -> format,
          "path" -> path,
          "intended-use" -> planted(5)
        )
      }
      succeeds(
        "labeler-agreement",
        "a1",
        "coefficients.resamples" -> 100,
        "consensus.methods" -> "majority"
      )
      succeeds(
        "export",
        "x1",
        "format" -> "trl",
        "snapshot" -> "p-trl",
        "path" -> in.resolve(s"$name.out")
      )
      succeeds("export", "x2", "format" -> "label-studio", "path" -> in.resolve("tasks.json"))

      // Runs that fail: no such file, wrong columns, too much refused, a file that is cut off.
      val failing: Seq[(String, Seq[(String, Any)])] = Seq(
        "ingest-logs" -> Seq("path" -> s"/nowhere/$name.jsonl"),
        "ingest-labels" -> Seq("path" -> write(in, "h.csv", csv(planted(2)) + ",b\n1,2\n")),
        "ingest-logs" -> Seq("path" -> write(in, s"f3 $name.jsonl", planted(2))),
        "ingest-logs" -> Seq(
          "path" -> write(in, s"f4 $name.json", s"""[{"a":${json(planted(2))}},{"a":"x""")
        ),
        "ingest-labels" -> Seq("question" -> planted(2), "path" -> "/nowhere"),
        "import-preferences" -> Seq("format" -> "ukp", "path" -> s"/nowhere/$name"),
        "import-queue" -> Seq("path" -> write(in, s"f7 $name.jsonl", planted(2))),
        "export" -> Seq("snapshot" -> planted(2), "path" -> in.resolve("none")),
        "train-reward" -> Seq("snapshot" -> "p-trl", "purpose" -> s"resale of ${planted(2)}")
      )
      for (((job, settings), n) <- failing.zipWithIndex) {
        ends(2)(job, s"f$n", settings: _*)
      }
      succeeds("report", "rep1")

      for (
        (table, kept) <- Seq(
          "interactions_raw" -> 100,
          "labels" -> 30,
          "preferences" -> 60,
          "labeling_queue" -> 20
        )
      ) {
        withClue(table)(lake.count(table) should be > kept.toLong)
      }
      val found = searched.flatMap { case (file, text) => secretsIn(text).map(file -> _) }
      found.map { case (file, needle) => s"$file: $needle" } shouldBe Nil
      secretsIn(lake.output) shouldBe Nil
    }

    it("is left where the source is said to be clean, and the rows say so") {
      val trusting = new TestLake()
      def of(job: String, id: String, path: Path, isClean: Boolean) =
        trusting.submit(job, id, "path" -> path.toString, "source-is-clean" -> isClean.toString)
      val item =
        s"""{"item_id":"x","prompt":"ask jane@mail.example","completion_a":"a","completion_b":"b"}"""
      val questions = write(in, "clean.queue", item)
      of("import-queue", "q1", questions, isClean = true) shouldBe 0
      of("import-queue", "q2", questions, isClean = false) shouldBe 0
      val labels =
        write(in, "clean.csv", "item_id,rater_id,value,comment\nx,r,a,jane@mail.example\n")
      of("ingest-labels", "l1", labels, isClean = true) shouldBe 0
      def told(table: String, text: String) = trusting
        .table(table)
        .select("run_id", "redaction", text)
        .collect()
        .map(row => (row.getString(0), row.getString(1), row.getString(2)))
        .toSet
      told("labeling_queue", "prompt") shouldBe Set(
        ("q1", "as of the source", "ask jane@mail.example"),
        ("q2", "personal data replaced", "ask <EMAIL_1>")
      )
      told("labels", "comment") shouldBe Set(("l1", "as of the source", "jane@mail.example"))
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
