package io.lakeloop.jobs

import com.fasterxml.jackson.databind.ObjectMapper
import com.fasterxml.jackson.databind.node.ObjectNode
import java.nio.file.{Files, Path, Paths}
import scala.collection.JavaConverters._

/** A folder from elsewhere is taken in once and told about, or refused in one line. */
class ImportModelSpec extends LoopSpec {
  private val fixtures = Paths.get("../common/src/test/resources/lm")
  private val lake = new TestLake()

  private def folder(name: String, family: String = "llama3"): Path = {
    val model = Files.createDirectory(temporary().resolve(name))
    Files
      .list(fixtures.resolve(family))
      .iterator
      .asScala
      .filter(file =>
        Files.isRegularFile(file) && !file.getFileName.toString.startsWith("expected")
      )
      .foreach(file => Files.copy(file, model.resolve(file.getFileName)))
    model
  }

  private def change(model: Path)(change: ObjectNode => Unit): Unit = {
    val file = model.resolve("config.json").toFile
    val json = new ObjectMapper().readTree(file).asInstanceOf[ObjectNode]
    change(json)
    new ObjectMapper().writeValue(file, json)
  }

  private def imported(run: String, model: Path, settings: (String, String)*): Int = {
    lake.clearOutput()
    lake.submit("import-model", run, Seq("path" -> model.toString) ++ settings: _*)
  }

  describe("import-model") {
    val model = folder("tiny")

    it("tells what it has taken in") {
      withClue(lake.output)(imported("in", model) shouldBe 0)
      Seq(
        "published base-tiny/1 (base-lm)",
        "base-tiny/1 is llama, 10,896 weights in 2 layers, stored as bfloat16, reads 512 tokens, its output head is the embedding",
        "template: Llama 3's; a sample of four messages takes",
        "an answer ends with <|end_of_text|> (1) or <|eot_id|> (4); 340 tokens, the embedding has 340 rows",
        "PPO by LoRA, bfloat16"
      ).foreach(lake.output should include(_))
    }

    it("takes the same bytes in once") {
      withClue(lake.output)(imported("again", model) shouldBe 0)
      lake.output should include("base-tiny/1 is llama")
      lake.output should not include "published"
      lake.count("model_versions", "model = 'base-tiny'") shouldBe 1
    }

    it("calls it as it is told") {
      withClue(lake.output)(imported("named", folder("x", "qwen2"), "name" -> "small") shouldBe 0)
      lake.output should include("template: ChatML with a system message of its own;")
      lake.count("model_versions", "model = 'small'") shouldBe 1
    }

    for (
      (name, why, spoil) <- Seq[(String, String, Path => Unit)](
        ("no-config", "it has no config.json", m => Files.delete(m.resolve("config.json"))),
        (
          "no-tokenizer",
          "it has no tokenizer.json",
          m => Files.delete(m.resolve("tokenizer.json"))
        ),
        (
          "none",
          "it has neither model.safetensors nor",
          m => Files.delete(m.resolve("model.safetensors"))
        ),
        (
          "pickled",
          "but 'pytorch_model.bin'. Other formats are not read",
          m => Files.move(m.resolve("model.safetensors"), m.resolve("pytorch_model.bin"))
        ),
        (
          "gguf",
          "but 'm.gguf', which is llama.cpp's",
          m => Files.move(m.resolve("model.safetensors"), m.resolve("m.gguf"))
        ),
        ("family", "its model_type is 'mamba'", m => change(m)(_.put("model_type", "mamba"))),
        (
          "quantised",
          "its weights are quantised (awq)",
          m => change(m)(_.putObject("quantization_config").put("quant_method", "awq"))
        ),
        ("layers", "model.layers.2.", m => change(m)(_.put("num_hidden_layers", 3))),
        (
          "stretch",
          "the rope type 'proportional' is not known",
          m => change(m)(_.putObject("rope_parameters").put("rope_type", "proportional"))
        ),
        (
          "tokens",
          "its tokenizer gives ids up to 340, but its embedding has 340 rows",
          m => {
            val text = Files.readString(m.resolve("tokenizer.json"))
            val token = text.indexOf("{", text.indexOf("\"added_tokens\""))
            val more =
              """{"id":340,"content":"<more>","single_word":false,"lstrip":false,"rstrip":false,""" +
                """"normalized":false,"special":true},"""
            Files.writeString(
              m.resolve("tokenizer.json"),
              text.substring(0, token) + more + text.substring(token)
            )
          }
        ),
        (
          "template",
          "Cannot use the chat template of",
          m => Files.writeString(m.resolve("chat_template.jinja"), "{% for m in messages %}")
        ),
        (
          "linked",
          "model.safetensors is no plain file but a link",
          m => {
            val outside = temporary().resolve("outside")
            Files.move(m.resolve("model.safetensors"), outside)
            Files.createSymbolicLink(m.resolve("model.safetensors"), outside)
          }
        )
      )
    )
      it(s"refuses a folder in one line: $name") {
        val bad = folder(name)
        spoil(bad)
        withClue(lake.output)(imported(name, bad) shouldBe 2)
        // The job, its settings, and what is wrong.
        lake.output.linesIterator.toSeq should have size 3
        lake.output should include(why)
        lake.count("model_versions", s"model = 'base-$name'") shouldBe 0
      }
  }
}
