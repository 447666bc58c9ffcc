package io.lakeloop.policy;

import static org.assertj.core.api.Assertions.assertThat;

import io.lakeloop.chat.Conversation;
import io.lakeloop.chat.Message;
import io.lakeloop.chat.Role;
import io.lakeloop.reward.Exchange;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Exchanges of one conversation as one row: each answer is learned once, and only if it may be. */
class SftExamplesTest {
  private static Conversation said(String... texts) {
    Stream.Builder<Message> messages = Stream.builder();
    for (int i = 0; i < texts.length; i++) {
      messages.add(Message.of(i % 2 == 0 ? Role.USER : Role.ASSISTANT, texts[i]));
    }
    return new Conversation(messages.build().toList());
  }

  private static List<Integer> weights(Conversation conversation) {
    return conversation.messages().stream().map(Message::weight).toList();
  }

  @Test
  void exchangesOfAConversationAreOneRow() {
    List<Conversation> rows =
        SftExamples.conversations(
            List.of(
                new Exchange(said("q1"), "a1"),
                new Exchange(said("q1", "a1", "q2"), "a2"),
                new Exchange(said("other"), "answer")));
    assertThat(rows)
        .extracting(Conversation::messages)
        .extracting(List::size)
        .containsExactly(4, 2);
    assertThat(weights(rows.get(0))).containsExactly(0, 1, 0, 1);
  }

  @Test
  void anAnswerThatMayNotBeLearnedIsContext() {
    List<Conversation> rows =
        SftExamples.conversations(List.of(new Exchange(said("q1", "flagged", "q2"), "a2")));
    assertThat(weights(rows.get(0))).containsExactly(0, 0, 0, 1);
  }

  @Test
  void answersBesideOneAnotherShareAHistoryThatIsLearnedOnce() {
    List<Conversation> rows =
        SftExamples.conversations(
            List.of(
                new Exchange(said("q1"), "a1"),
                new Exchange(said("q1", "a1", "q2"), "a2"),
                new Exchange(said("q1", "a1", "q2"), "b2")));
    assertThat(rows.stream().map(SftExamplesTest::weights))
        .containsExactly(List.of(0, 1, 0, 1), List.of(0, 0, 0, 1));
  }
}
