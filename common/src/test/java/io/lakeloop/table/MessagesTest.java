package io.lakeloop.table;

import static org.assertj.core.api.Assertions.assertThat;

import io.lakeloop.chat.Conversation;
import io.lakeloop.chat.Message;
import io.lakeloop.chat.Role;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.junit.jupiter.api.Test;
import scala.collection.JavaConverters;

/** What a model reads is what was written, whichever release wrote it. */
class MessagesTest {
  private static final Message QUESTION = Message.of(Role.USER, "q");

  private static Conversation read(Conversation written) {
    return Messages.read(Arrays.asList(Messages.rows(written)), "q");
  }

  @Test
  void aPromptThatIsThereIsNotSaidAgain() {
    Message context = new Message(Role.ASSISTANT, "a", null, List.of(), null, 0);
    for (Message last : List.of(Message.of(Role.SYSTEM, "Answer in French."), context)) {
      Conversation written = new Conversation(List.of(QUESTION, last));
      assertThat(read(written)).isEqualTo(written);
    }
  }

  @Test
  void aCallWhoseResultIsNotThereIsTheLast() {
    Row call =
        RowFactory.create(
            "assistant",
            "",
            null,
            JavaConverters.asScalaBuffer(List.of(RowFactory.create("1", "look", "{}"))),
            null,
            null,
            null);
    List<Row> cells = new ArrayList<>(Arrays.asList(Messages.rows(Conversation.of("q"))));
    cells.add(call);
    assertThat(Messages.read(cells, "q").messages())
        .extracting(Message::role)
        .containsExactly(Role.USER, Role.ASSISTANT);
  }

  @Test
  void aPromptThatEarlierReleasesKeptApartIsAdded() {
    Conversation before =
        new Conversation(List.of(Message.of(Role.USER, "hello"), Message.of(Role.ASSISTANT, "hi")));
    assertThat(read(before)).isEqualTo(before.with(QUESTION));
    Conversation system = new Conversation(List.of(Message.of(Role.SYSTEM, "Be kind.")));
    assertThat(read(system)).isEqualTo(system.with(QUESTION));
  }
}
