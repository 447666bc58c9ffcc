package io.lakeloop.chat;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

class ConversationTest {
  private static Message user(String text) {
    return Message.of(Role.USER, text);
  }

  @Test
  void theDigestIsThatOfWhatIsRead() {
    Conversation one = new Conversation(List.of(user("a"), user("b")));
    assertThat(one.digest()).isEqualTo("d43e98ead4dfc024e0445dc9444cea60").hasSize(32);
    assertThat(new Conversation(List.of(user("ab"), user(""))).digest()).isNotEqualTo(one.digest());
    assertThat(new Conversation(List.of(user("a"), Message.of(Role.ASSISTANT, "b"))).digest())
        .isNotEqualTo(one.digest());
    assertThat(new Conversation(List.of(user("a").weighing(0), user("b"))).digest())
        .isEqualTo(one.digest());
    ToolCall call = new ToolCall("1", "f", "{}");
    Message calling = new Message(Role.ASSISTANT, "", null, List.of(call), null, 1);
    assertThat(new Conversation(List.of(calling)).digest())
        .isNotEqualTo(new Conversation(List.of(Message.of(Role.ASSISTANT, ""))).digest());
  }

  @Test
  void thePromptIsTheUsersLastWordEvenBehindResultsOfTools() {
    Conversation said =
        new Conversation(
            List.of(
                user("first"),
                Message.of(Role.ASSISTANT, "answer"),
                user("second"),
                Message.of(Role.TOOL, "result")));
    assertThat(said.prompt()).isEqualTo("second");
    assertThat(said.opening()).isEqualTo("first");
    assertThat(said.hasPromptAlone()).isFalse();
    assertThat(Conversation.of("x").hasPromptAlone()).isTrue();
  }
}
