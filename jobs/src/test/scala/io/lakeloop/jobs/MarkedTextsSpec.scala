package io.lakeloop.jobs

import io.lakeloop.feedback.duplicates.{Duplicates, PlantedDuplicates}
import io.lakeloop.text.MinHash
import java.io.ByteArrayOutputStream
import java.nio.charset.StandardCharsets.UTF_8
import java.nio.file.Files
import java.util.zip.GZIPOutputStream

/** Marked texts are read in every form; texts that differ in a sign alone are no duplicates. */
class MarkedTextsSpec extends LoopSpec {

  private def packed(text: String): Array[Byte] = {
    val bytes = new ByteArrayOutputStream()
    val out = new GZIPOutputStream(bytes)
    out.write(text.getBytes(UTF_8))
    out.close()
    bytes.toByteArray
  }

  describe("evaluate-redaction") {
    it("reads an array, lines, a byte order mark, and what is packed alike") {
      def record(address: String) =
        s"""{"full_text":"Write to $address today.","spans":[{"entity_type":"EMAIL_ADDRESS",""" +
          s""""entity_value":"$address","start_position":9,"end_position":${9 + address.length}}]}"""
      val records = Seq(record("ann@example.org"), record("b@example.org"))
      val array = records.mkString("[", ",\n", "]")
      val folder = temporary()
      val lake = new TestLake()
      val files = Seq(
        "array.json" -> array.getBytes(UTF_8),
        "lines.jsonl" -> records.mkString("\n").getBytes(UTF_8),
        "mark.json" -> ("\uFEFF" + array).getBytes(UTF_8),
        "array.json.gz" -> packed(array),
        "lines.jsonl.gz" -> packed("\uFEFF" + records.mkString("\n"))
      )
      for (((name, bytes), i) <- files.zipWithIndex) {
        val path = Files.write(folder.resolve(name), bytes)
        lake.submit("evaluate-redaction", s"r$i", "path" -> path.toString) shouldBe 0
        val measured = lake
          .table("evaluations")
          .where(s"run_id = 'r$i' AND slice_value = 'EMAIL'")
          .collect()
          .map(r => (r.getAs[String]("metric"), r.getAs[Double]("value"), r.getAs[Long]("n")))
        withClue(name)(
          measured.toSet shouldBe Set(("recall", 1.0, 2L), ("precision", 1.0, 2L))
        )
      }
    }
  }

  describe("duplicates") {
    it("are found where they are planted") {
      val planted = PlantedDuplicates.make(SharedSpark.session, 3000, 5)
      val found = planted.find(new Duplicates.Settings(true, MinHash.Unit.CHARACTERS, 5, 0.8))
      planted.close()
      info(s"recall ${found.recall}, precision ${found.precision}")
      found.recall should be >= 0.95
      found.precision should be >= 0.99
    }

    it("are no texts that differ in a sign, a number or an emoji") {
      val lake = new TestLake()
      val completion = "I am glad to tell you that this is how it is, and hope that it helped you."
      val prompts = Seq(
        "👍",
        "👎",
        "Is x < 5?",
        "Is x > 5?",
        "Set it to -5 degrees.",
        "Set it to 5 degrees.",
        "Is it done?",
        "IS it  done?",
        "Is it done"
      )
      val path = write(
        temporary(),
        "logs.jsonl",
        prompts.zipWithIndex
          .map { case (prompt, i) =>
            s"""{"conversation_id":"d$i","turn":1,"created_at":"2026-01-06T09:0$i:00Z",""" +
              s""""prompt":"$prompt","completion":"$completion","consent":true}"""
          }
          .mkString("\n")
      )
      lake.submit("ingest-logs", "i1", "path" -> path.toString) shouldBe 0
      lake.submit("clean-logs", "c1") shouldBe 0
      lake
        .table("interactions")
        .where("duplicate_of IS NOT NULL")
        .collect()
        .map(r => r.getAs[String]("conversation_id") -> r.getAs[String]("duplicate_kind"))
        .toMap shouldBe Map("d7" -> "exact", "d8" -> "near")
    }
  }
}
