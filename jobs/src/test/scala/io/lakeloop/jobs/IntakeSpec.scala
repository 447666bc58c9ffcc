package io.lakeloop.jobs

import com.github.luben.zstd.Zstd
import java.io.IOException
import java.nio.charset.StandardCharsets.UTF_8
import java.nio.file.{Files, Path}
import org.apache.hadoop.fs.FSDataInputStream
import org.apache.spark.sql.Row

/** Every record of a file is written, refused, or says what another says; `runs` tells which. */
class IntakeSpec extends LoopSpec {
  private def record(n: Int) =
    s"""{"conversation_id":"c$n","created_at":"2026-01-02T10:00:00Z","prompt":"Where is parcel $n?","completion":"On its way, number $n."}"""

  private def records(from: Int, to: Int) = (from until to).map(record)

  private val lake = new TestLake()
  private var runs = 0

  private def submit(job: String, path: Path, more: (String, String)*): (String, Int) = {
    runs += 1
    lake.clearOutput()
    val id = s"run$runs"
    id -> lake.submit(job, id, Seq("path" -> path.toString) ++ more: _*)
  }

  /** Found, written, quarantined and superseded records of a run, by file name. */
  private def account(id: String): Map[String, (Long, Long, Long, Long)] =
    lake
      .table("runs")
      .where(s"run_id = '$id'")
      .first()
      .getAs[scala.collection.Seq[Row]]("inputs")
      .map(i =>
        i.getAs[String]("file").split('/').last ->
          (
            (
              i.getAs[Long]("found"),
              i.getAs[Long]("written"),
              i.getAs[Long]("quarantined"),
              i.getAs[Long]("superseded")
            )
          )
      )
      .toMap

  describe("logs") {
    it("are accounted for however their objects stand in the file") {
      val (ten, more) = (records(0, 10), records(10, 20))
      val thousand = (records(0, 500) :+ "{\"a\":}") ++ records(500, 1000)
      val folder = temporary()
      val expected = Seq(
        (
          "arrays.json",
          ten.mkString("[", ",", "]\n") + more.mkString("[", ",\n", "]"),
          (20, 20, 0, 0)
        ),
        ("mixed.json", ten.mkString("[", ",", "]\n") + more.mkString("\n"), (20, 20, 0, 0)),
        ("pairs.jsonl", ten.zip(more).map { case (a, b) => a + b }.mkString("\n"), (20, 20, 0, 0)),
        ("mac.jsonl", records(0, 20).mkString("\r"), (20, 20, 0, 0)),
        ("mark.jsonl", "\uFEFF" + ten.mkString("\r\n"), (10, 10, 0, 0)),
        ("mark.json", "\uFEFF" + ten.mkString("[", ",", "]"), (10, 10, 0, 0)),
        ("bad.json", thousand.mkString("[", ",", "]"), (1001, 1000, 1, 0)),
        ("garbage.jsonl", ten.map(_ + " trailing").mkString("\n"), (20, 10, 10, 0)),
        ("nothing.jsonl", "", (0, 0, 0, 0))
      )
      expected.foreach { case (name, text, _) => write(folder, name, text) }
      val (id, code) = submit("ingest-logs", folder)
      withClue(lake.output)(code shouldBe 0)
      account(id) shouldBe expected.map { case (name, _, counts) => name -> counts }.toMap
      lake.count("interactions_raw", s"run_id = '$id'") shouldBe 1110
      lake.count("quarantine", s"run_id = '$id'") shouldBe 11
    }

    it("are found in folders within folders, packed or not; what is hidden is said") {
      val folder = temporary()
      val deep = Files.createDirectories(folder.resolve("2026/01"))
      write(folder, "a.jsonl", record(1))
      write(deep, "b.jsonl", record(2))
      write(deep, "at 10:30:00.jsonl", record(5))
      Files.write(deep.resolve("c.jsonl.zst"), Zstd.compress(record(3).getBytes(UTF_8)))
      // As parallel compressors begin: with a frame to skip.
      val skipped = Array[Byte](0x50, 0x2a, 0x4d, 0x18, 4, 0, 0, 0, 1, 2, 3, 4)
      Files.write(deep.resolve("d.jsonl.zst"), skipped ++ Zstd.compress(record(4).getBytes(UTF_8)))
      write(deep, "_SUCCESS", "")
      val (id, code) = submit("ingest-logs", folder)
      withClue(lake.output)(code shouldBe 0)
      lake.output should include("left out (files whose names")
      account(id).keySet shouldBe
        Set("a.jsonl", "at 10:30:00.jsonl", "b.jsonl", "c.jsonl.zst", "d.jsonl.zst")
      lake.count("interactions_raw", s"run_id = '$id'") shouldBe 5
      lake.count("lineage", s"run_id = '$id' AND kind = 'file' AND length(digest) = 64") shouldBe 5
    }

    it("are hidden from an asterisk, and not from who names them") {
      val folder = temporary()
      val hidden = Files.createDirectory(folder.resolve("_old"))
      write(hidden, "day.jsonl", record(1))
      Files.createDirectory(folder.resolve("plain"))
      val unnamed = Seq("", "*", "*/*", "*/day.jsonl", "{plain,p*,*}/day.jsonl")
      for (pattern <- unnamed.map(folder.resolve)) {
        submit("ingest-logs", pattern)._2 shouldBe 2
        lake.output should include("all that is there is left out")
      }
      for (
        pattern <- Seq("_old", "_*", "{_old,_old/*}", "{plain,_old}", "_o*/*").map(folder.resolve)
      ) {
        val (id, code) = submit("ingest-logs", pattern)
        withClue(lake.output)(code shouldBe 0)
        account(id).keySet shouldBe Set("day.jsonl")
      }
    }

    it("are refused whole, in a line, where a file is cut off, damaged or packed otherwise") {
      val folder = temporary()
      val zstd = Zstd.compress(record(3).getBytes(UTF_8))
      write(folder, "cut.json", records(0, 50).mkString("[", ",", ""))
      Files.write(folder.resolve("cut.jsonl.zst"), zstd.take(zstd.length - 5))
      Files.write(folder.resolve("x.snappy"), Array.fill[Byte](64)(77))
      Files.write(folder.resolve("x.gz"), "no gzip".getBytes(UTF_8))
      Files.write(folder.resolve("packed.jsonl"), zstd)
      Files.write(folder.resolve("cut.jsonl.bz2"), "BZh91AY&SY".getBytes(UTF_8))
      Files.write(folder.resolve("empty.jsonl.gz"), Array[Byte]())
      val damaged = Seq(
        "cut.json",
        "cut.jsonl.zst",
        "cut.jsonl.bz2",
        "empty.jsonl.gz",
        "x.snappy",
        "x.gz",
        "packed.jsonl"
      )
      damaged.foreach { name =>
        val (_, code) = submit("ingest-logs", folder.resolve(name))
        withClue(name + lake.output) {
          code shouldBe 2
          lake.output should include(name)
          lake.output should not include "Exception"
        }
      }
      lake.clearOutput()
      write(folder, "sound.jsonl", records(0, 5).mkString("\n"))
      val (id, code) = submit("ingest-logs", folder)
      withClue(lake.output) {
        code shouldBe 2
        lake.output should include(s"The same holds for ${damaged.size - 1} more")
      }
      lake.count("quarantine", s"run_id = '$id' AND reason_code = 'CUT_OFF'") shouldBe damaged.size
      lake.count("interactions_raw", s"run_id = '$id'") shouldBe 0
      // Mended, they are taken in under the same id, as a scheduler does it.
      damaged.foreach(name => Files.delete(folder.resolve(name)))
      lake.submit("ingest-logs", id, "path" -> folder.toString) shouldBe 0
      lake.count("interactions_raw", s"run_id = '$id'") shouldBe 5
      lake.count("quarantine", s"run_id = '$id'") shouldBe 0
    }

    it("are read once, whatever links lead to them, even in circles") {
      val folder = temporary()
      val days = Files.createDirectory(folder.resolve("days"))
      write(days, "day.jsonl", records(0, 5).mkString("\n"))
      Files.createSymbolicLink(folder.resolve("again"), folder)
      Files.createSymbolicLink(folder.resolve("back"), folder)
      Files.createSymbolicLink(days.resolve("a.jsonl"), days.resolve("day.jsonl"))
      Files.createSymbolicLink(folder.resolve("nowhere"), folder.resolve("gone"))
      val (id, code) = submit("ingest-logs", folder)
      withClue(lake.output) {
        code shouldBe 0
        lake.output should include("left out (links to what is read anyway): 3")
        lake.output should include("left out (links that lead nowhere, pipes and devices): 1")
      }
      account(id).keySet shouldBe Set("day.jsonl")
      lake.count("interactions_raw", s"run_id = '$id'") shouldBe 5
    }

    it("are found through a link that is not hidden, as volumes of Kubernetes have it") {
      val folder = temporary()
      val data = Files.createDirectory(folder.resolve("..2026_11_26"))
      write(data, "day.jsonl", records(0, 5).mkString("\n"))
      Files.createSymbolicLink(folder.resolve("..data"), data)
      Files.createSymbolicLink(folder.resolve("day.jsonl"), folder.resolve("..data/day.jsonl"))
      lake.clearOutput()
      val (id, code) = submit("ingest-logs", folder)
      withClue(lake.output) {
        code shouldBe 0
        lake.output should not include "left out"
      }
      account(id).keySet shouldBe Set("day.jsonl")
    }

    it("may be others once the first attempt has refused too many of its records") {
      val file = write(temporary(), "day.jsonl", s"${record(1)}\nno JSON\n")
      val (id, code) = submit("ingest-logs", file)
      withClue(lake.output)(code shouldBe 2)
      Files.write(file, records(0, 10).mkString("\n").getBytes(UTF_8))
      withClue(lake.output)(
        lake.submit("ingest-logs", id, "path" -> file.toString) shouldBe 0
      )
      lake.count("interactions_raw", s"run_id = '$id'") shouldBe 10
    }

    it("may fail or change while they are read: tried again, the run takes them in") {
      SharedSpark.session.sparkContext.hadoopConfiguration
        .set("fs.unsteady.impl", classOf[UnsteadyFileSystem].getName)
      val file = write(temporary(), "day.jsonl", records(0, 9).mkString("\n"))
      def ingest(id: String) = lake.submit("ingest-logs", id, "path" -> s"unsteady://$file")
      val events = Seq[FSDataInputStream => FSDataInputStream](
        _ => throw new IOException("connection reset by peer"),
        _ => UnsteadyFileSystem.broken,
        opened => {
          Files.write(file, records(1, 10).mkString("\n").getBytes(UTF_8))
          opened
        }
      )
      // The first opening is for the digest, which takes what is there then.
      val openings = events.map(1 -> _) ++ events.take(2).map(0 -> _)
      for (((opening, event), i) <- openings.zipWithIndex) {
        lake.clearOutput()
        UnsteadyFileSystem.at(opening)(event)
        val id = s"unsteady$i"
        val (first, said) = (ingest(id), lake.output)
        UnsteadyFileSystem.becomesSteady()
        val second = ingest(id)
        withClue(lake.output) {
          (first, second) shouldBe (75, 0)
          said should not include "Exception"
        }
        lake.count("interactions_raw", s"run_id = '$id'") shouldBe 9
      }
    }

    it("are those that the run's first attempt found, or none") {
      val file = write(temporary(), "day.jsonl", records(0, 10).mkString("\n"))
      val (id, code) = submit("ingest-logs", file)
      code shouldBe 0
      val before = lake.rows("interactions_raw")
      lake.submit("ingest-logs", id, "path" -> file.toString) shouldBe 0
      lake.rows("interactions_raw") shouldBe before
      Files.write(file, (records(0, 11).mkString("\n")).getBytes(UTF_8))
      lake.clearOutput()
      lake.submit("ingest-logs", id, "path" -> file.toString) shouldBe 2
      lake.output should include("Restore the file, or give another --run-id")
      lake.rows("interactions_raw") shouldBe before
    }
  }

  describe("labels") {
    val header = "item_id,rater_id,value,comment\n"
    def rows(from: Int, to: Int) = (from until to).map(i => s"i$i,r1,a,fine\n").mkString

    def labels(text: String): (Long, Long, Long, Long) = {
      val file = write(temporary(), "labels.csv", text)
      val (id, code) =
        submit("ingest-labels", file, "max-quarantined-share" -> "1", "question" -> s"q$runs")
      withClue(lake.output)(code shouldBe 0)
      account(id)("labels.csv")
    }

    it("keep their rows beside a stray quote, a hash, a long cell") {
      labels(header + rows(0, 100) + "i,r1,a,\"oops\n" + rows(100, 200)) shouldBe (201, 200, 1, 0)
      labels(header + "#1,r1,a,\n" + rows(0, 200)) shouldBe (201, 201, 0, 0)
      labels(header + s"i,r1,a,${"x" * 100001}\n" + rows(0, 9)) shouldBe (10, 9, 1, 0)
      lake.output should not include "xxx"
    }

    it("tell of an answer that was given before, and of one that was changed") {
      val first = write(temporary(), "day1.csv", "item_id,rater_id,value\ni1,r1,yes\ni2,r1,no\n")
      val second =
        write(temporary(), "day2.csv", "item_id,rater_id,value\ni1,r1,no\ni2,r1,no\ni3,r1,no\n")
      submit("ingest-labels", first, "question" -> "changed")._2 shouldBe 0
      val (id, code) = submit(
        "ingest-labels",
        second,
        "question" -> "changed",
        "max-quarantined-share" -> "0.5"
      )
      code shouldBe 0
      account(id)("day2.csv") shouldBe (3, 1, 1, 1)
      lake.count("quarantine", s"run_id = '$id' AND reason_code = 'CHANGED_ANSWER'") shouldBe 1
    }

    it("keep every column that one of several Parquet files has") {
      val spark = SharedSpark.session
      val folder = temporary()
      def parquet(of: String, name: String) =
        spark.sql(of).coalesce(1).write.parquet(folder.resolve(name).toString)
      parquet("SELECT 'p1' AS item_id, 'r1' AS rater_id, 'a' AS value", "1")
      parquet("SELECT 'p2' AS item_id, 'r1' AS rater_id, 'a' AS value, 'told' AS comment", "2")
      def ingest() =
        submit("ingest-labels", folder, "format" -> "long-parquet", "question" -> s"q$runs")
      val (id, code) = ingest()
      withClue(lake.output)(code shouldBe 0)
      lake.count("labels", s"run_id = '$id' AND comment = 'told'") shouldBe 1
      parquet("SELECT 'p3' AS item_id, 'r1' AS rater_id, 3 AS value", "3")
      lake.clearOutput()
      ingest()._2 shouldBe 2
      lake.output should include("columns of the same name and different types")
    }

    it("tell of every annotation, those without an answer, too") {
      val task =
        """[{"id":1,"data":{"item_id":"e1"},"annotations":[
          |{"completed_by":3,"result":[{"from_name":"preference","value":{"selected":"left"}}],"created_at":"2026-02-01T09:00:00Z"},
          |{"completed_by":4,"was_cancelled":true,"result":[]},
          |{"completed_by":5,"result":[]}]}]""".stripMargin
      val (id, code) = submit(
        "ingest-labels",
        write(temporary(), "studio.json", task),
        "format" -> "label-studio",
        "max-quarantined-share" -> "0.5"
      )
      withClue(lake.output)(code shouldBe 0)
      account(id)("studio.json") shouldBe (3, 1, 2, 0)
      val codes = lake.table("quarantine").where(s"run_id = '$id'").select("reason_code").collect()
      codes.map(_.getString(0)).toSet shouldBe Set("CANCELLED", "NO_ANSWER")

      val records =
        """{"external_id":"e1","responses":[{"user_id":"u1","status":"discarded","values":{}},{"user_id":"u2","status":"submitted","values":null},{"user_id":"u3","status":"submitted","values":{"preference":{"value":"a"}}}]}"""
      val (argilla, again) = submit(
        "ingest-labels",
        write(temporary(), "argilla.jsonl", records),
        "format" -> "argilla",
        "max-quarantined-share" -> "0.5"
      )
      withClue(lake.output)(again shouldBe 0)
      account(argilla)("argilla.jsonl") shouldBe (3, 1, 2, 0)
    }
  }

  describe("imports") {
    it("count what is said twice once, and refuse what contradicts itself") {
      def item(id: String, a: String) =
        s"""{"item_id":"$id","prompt":"p","completion_a":"$a","completion_b":"b"}"""
      val queue = Seq(item("i1", "a"), item("i1", "a"), item("i1", "other"), item("i2", "a"))
      val (id, code) = submit(
        "import-queue",
        write(temporary(), "queue.jsonl", queue.mkString("\n")),
        "max-quarantined-share" -> "0.5"
      )
      withClue(lake.output)(code shouldBe 0)
      account(id)("queue.jsonl") shouldBe (4, 2, 1, 1)

      val goods = (1 to 8).map(i => s"""p$i,"good, it is $i",bad $i,0\n""").mkString
      val csv = "prompt,chosen,rejected,margin\n" + goods +
        "p1,\"good, it is 1\",bad 1,0\n#p,good,bad,\np9,same,same,\n"
      val (pairs, imported) = submit(
        "import-preferences",
        write(temporary(), "pairs.csv", csv),
        "format" -> "long-csv",
        "max-quarantined-share" -> "0.5"
      )
      withClue(lake.output)(imported shouldBe 0)
      account(pairs)("pairs.csv") shouldBe (11, 9, 1, 1)

      val same = """{"prompt":"p","chosen":"c","rejected":"c"}"""
      val (none, empty) = submit(
        "import-preferences",
        write(temporary(), "same.jsonl", same),
        "format" -> "trl",
        "max-quarantined-share" -> "1"
      )
      empty shouldBe 2
      lake.output should include(
        "Cannot write preferences: all 1 records were refused. Look at SELECT reason_code, reason" +
          s" FROM quarantine WHERE run_id = '$none', then mend the input."
      )
      account(none)("same.jsonl") shouldBe (1, 0, 1, 0)
    }
  }

  describe("requests for deletion") {
    it("are read by the same reader: none is lost in an array or behind a mark") {
      val people = (0 until 6).map(i => s"""{"user_id":"nobody$i"}""")
      val folder = temporary()
      write(folder, "mark.jsonl", "\uFEFF" + people.take(2).mkString("\r"))
      write(folder, "array.json", people.slice(2, 4).mkString("[", ",", "]"))
      write(
        folder,
        "lines.jsonl",
        people.slice(4, 5).mkString + people.drop(5).mkString("[", ",", "]")
      )
      lake.submit("enforce-retention", "e1", "requests" -> folder.toString) shouldBe 0
      lake.table("deletions").select("subject_key").distinct().count() shouldBe 6
    }

    it("name a person by key and by id, and nobody by a number") {
      val lake = new TestLake()
      val logs = write(temporary(), "logs.jsonl", records(0, 2).mkString("\n"))
      lake.submit("ingest-logs", "i1", "path" -> logs.toString) shouldBe 0
      lake.submit("clean-logs", "c1", "duplicates.near" -> "false") shouldBe 0
      val both = s"""{"subject_key":"${"0a" * 16}","user_id":"u1"}"""
      val file = write(temporary(), "both.jsonl", both)
      val deleted = lake.submit("enforce-retention", "e1", "requests" -> file.toString)
      withClue(lake.output)(deleted shouldBe 0)
      lake.table("deletions").select("subject_key").distinct().count() shouldBe 2
      // No snapshot was ever made in this lake.
      lake.sql("SELECT count(*) FROM runs").first().getLong(0) shouldBe 3
      for (wrong <- Seq("1" * 32, "[]", "\"x\"", "null,\"user_id\":\" \"")) {
        val request = s"""{"subject_key":$wrong}"""
        val file = write(temporary(), "wrong.jsonl", request)
        lake.submit("enforce-retention", "e2", "requests" -> file.toString) shouldBe 2
      }
    }
  }
}
