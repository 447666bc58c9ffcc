package io.lakeloop.jobs

import com.fasterxml.jackson.databind.{JsonNode, ObjectMapper}
import io.lakeloop.chat.{Conversation, Message, Role}
import io.lakeloop.lm.tokenizer.Tokenizer
import io.lakeloop.lm.{Generator, ModelFolder}
import java.nio.file.{Files, Path, Paths}
import java.util.Locale
import scala.collection.JavaConverters._

/** SmolLM2-135M-Instruct as submit-scripts/dev/smollm2 makes it, a gigabyte that is not in git. */
trait SmolLm2 extends LoopSpec {
  val checkpoint: Path =
    Paths.get(System.getProperty("user.home"), ".cache", "lakeloop", "smollm2-135m-instruct")

  /** What transformers made of the same folder; written last. */
  val said: Path = checkpoint.resolveSibling(checkpoint.getFileName.toString + ".json")

  def assumeThere(): Unit = {
    assume(Files.exists(said), "submit-scripts/dev/smollm2 has not been run")
    ()
  }

  private val answers = Seq(
    "Where is my parcel" -> "It left our depot and comes within two working days.",
    "When is the refund paid for order" -> "Refunds arrive within five working days.",
    "Please send the invoice of order" -> "I have sent it to your e-mail address.",
    "I need a return label for order" -> "The label is in your inbox. Stick it on the box."
  )

  private def json(value: Any): String = new ObjectMapper().writeValueAsString(value)

  private def message(role: String, content: String) =
    Map("role" -> role, "content" -> content).asJava

  /** Chats about parcels, every third of them with a second turn. */
  def chats(folder: Path, n: Int): Path = {
    val lines = (0 until n).map { i =>
      val (question, answer) = answers(i % answers.size)
      val first = Seq(message("user", s"$question ${10000 + i}?"), message("assistant", answer))
      val second =
        Seq(message("user", s"Thank you, $i times."), message("assistant", "You are welcome."))
      val id = Map[String, AnyRef]("conversation_id" -> s"c$i", "user_id" -> s"u${i % 40}")
      val turns = (if (i % 3 == 0) first ++ second else first).asJava
      json((id + ("messages" -> turns)).asJava)
    }
    write(folder, "chats.jsonl", lines.mkString("\n"))
  }

  /** Pairs of a helpful and an idle answer. */
  def pairs(folder: Path, n: Int): Path = {
    val lines = (0 until n).map { i =>
      val (question, answer) = answers(i % answers.size)
      json(
        Map(
          "prompt" -> Seq(message("user", s"$question ${20000 + i}?")).asJava,
          "chosen" -> Seq(message("assistant", answer)).asJava,
          "rejected" -> Seq(message("assistant", s"I do not know. Ask somebody else, $i.")).asJava
        ).asJava
      )
    }
    write(folder, "pairs.jsonl", lines.mkString("\n"))
  }

  val lora: Seq[(String, String)] =
    Seq("engine.lora.rank" -> "8", "engine.microbatch-rows" -> "4")

  def checked(lake: TestLake, job: String, run: String, settings: (String, String)*): Unit = {
    withClue(lake.output)(lake.submit(job, run, settings: _*) shouldBe 0)
    ()
  }
}

/** Two minutes: run by -Pslow and by CI. */
class SmolLm2ParitySpec extends SmolLm2 {
  private def cases: Seq[JsonNode] =
    new ObjectMapper().readTree(said.toFile).elements.asScala.toSeq

  private def conversation(said: JsonNode): Conversation =
    new Conversation(
      said
        .path("messages")
        .elements
        .asScala
        .map { message =>
          val role = Role.valueOf(message.path("role").asText.toUpperCase(Locale.ROOT))
          Message.of(role, message.path("content").asText)
        }
        .toList
        .asJava
    )

  private def ints(node: JsonNode): Seq[Int] = node.elements.asScala.map(_.asInt).toSeq

  describe("SmolLM2-135M-Instruct") {
    it("has the token ids and greedy answers that transformers gives it", Slow) {
      assumeThere()
      val tokenizer = Tokenizer.open(checkpoint)
      val model = new ModelFolder(checkpoint).load()
      val settings = Generator.Settings.whole(32, 0, tokenizer.specialTokens)
      for (said <- cases) {
        val prompt = tokenizer.prompt(conversation(said), 1000)
        prompt.toSeq shouldBe ints(said.path("ids"))
        val request = new Generator.Request(prompt, 0)
        val drawn = new Generator(model).generate(List(request).asJava, settings).get(0)
        drawn.tokens.toSeq shouldBe ints(said.path("greedy"))
      }
      model.close()
      tokenizer.close()
    }

    it("is taken in and trained for a step", Slow) {
      assumeThere()
      val lake = new TestLake()
      checked(lake, "import-model", "m", "path" -> checkpoint.toString)
      lake.output should include("is llama, 134,515,008 weights in 30 layers")
      lake.output should include("ChatML with a system message of its own")
      val logs = chats(temporary(), 12).toString
      checked(lake, "ingest-logs", "i", "path" -> logs, "consent" -> "training")
      checked(lake, "clean-logs", "c", "duplicates.near" -> "false")
      val one = Seq("max-examples" -> "8", "batch-size" -> "8", "epochs" -> "1")
      val from = Seq("base-model" -> "base-smollm2-135m-instruct/1", "learning-rate" -> "2e-4")
      checked(lake, "train-sft", "s", from ++ one ++ lora: _*)
      lake.output should include("published sft/1")
    }
  }
}
