package io.lakeloop.lm.torch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.lakeloop.config.Digest;
import io.lakeloop.config.UserError;
import io.lakeloop.lm.EntityRecogniser;
import io.lakeloop.text.Redactor;
import io.lakeloop.text.personal.PersonalDataFinder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A model of three known words in DJL's layout: jane and doe are a name, lyon is a place. */
class EntityRecogniserTest {
  private static final String FORWARD =
      """
      def forward(self, input_ids: Tensor, attention_mask: Tensor) -> Tensor:
        first = torch.to(torch.eq(input_ids, 5), 6)
        more = torch.to(torch.eq(input_ids, 6), 6)
        place = torch.to(torch.eq(input_ids, 7), 6)
        other = torch.full_like(first, 0.5)
        return torch.mul(torch.stack([other, first, more, place], -1), 10.)
      """;

  @TempDir static Path folder;
  private static String digest;

  @BeforeAll
  static void writeModel() throws IOException {
    Files.write(folder.resolve("model.pt"), ScriptArchive.of("Names", FORWARD));
    digest = Digest.of(folder.resolve("model.pt"));
    Files.writeString(
        folder.resolve("config.json"),
        "{\"id2label\":{\"0\":\"O\",\"1\":\"B-PER\",\"2\":\"I-PER\",\"3\":\"B-LOC\"}}");
    Files.writeString(
        folder.resolve("tokenizer.json"),
        "{\"version\":\"1.0\",\"truncation\":null,\"padding\":null,\"added_tokens\":[],"
            + "\"normalizer\":{\"type\":\"Lowercase\"},\"pre_tokenizer\":{\"type\":\"Whitespace\"},"
            + "\"post_processor\":null,\"decoder\":null,\"model\":{\"type\":\"WordLevel\",\"unk_token\":\"[UNK]\","
            + "\"vocab\":{\"[UNK]\":0,\"my\":1,\"name\":2,\"is\":3,\"in\":4,\"jane\":5,\"doe\":6,\"lyon\":7}}}");
  }

  @Test
  void namesAndPlacesAreReplacedBesideThePatterns() {
    PersonalDataFinder finder =
        new PersonalDataFinder(
            PersonalDataFinder.Settings.standard(), List.of(new EntityRecogniser(folder, digest)));
    Redactor.Redaction redaction =
        new Redactor(finder)
            .redact("My name is Jane Doe in Lyon, jane@mail.example. Ask Jane Doe or Jane.");
    assertThat(redaction.text())
        .isEqualTo("My name is <NAME_1> in <ADDRESS_1>, <EMAIL_1>. Ask <NAME_1> or <NAME_2>.");
    assertThat(redaction.kinds()).containsExactly("ADDRESS", "EMAIL", "NAME");
  }

  @Test
  void longTextsAreReadToTheirEnd() {
    String text = "nothing to see here ".repeat(200) + "but Jane Doe";
    assertThat(new EntityRecogniser(folder, digest).find(text))
        .singleElement()
        .satisfies(
            found -> assertThat(text.substring(found.start(), found.end())).isEqualTo("Jane Doe"));
  }

  @Test
  void onlyTheModelThatWasCheckedIsRun() {
    assertThatThrownBy(() -> new EntityRecogniser(folder, "0".repeat(64)))
        .isInstanceOf(UserError.class)
        .hasMessageContaining("model.pt has the SHA-256 " + digest);
    assertThatThrownBy(() -> new EntityRecogniser(folder.resolve("none"), digest))
        .isInstanceOf(UserError.class)
        .hasMessageContaining("it has no model.pt");
  }
}
