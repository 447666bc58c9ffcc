package io.lakeloop.lm.tokenizer;

import io.lakeloop.chat.Conversation;
import io.lakeloop.chat.Message;
import io.lakeloop.chat.Role;
import io.lakeloop.chat.jinja.Span;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Finds the assistant's turns that are to be learned in the text of a whole conversation. */
record AnswerSpans(ChatTemplate template, Vocabulary vocabulary) {

  /** The parts of the text that the assistant wrote, their end tokens among them. */
  List<Span> in(Conversation whole, ChatTemplate.Text text) {
    List<Message> messages = whole.messages();
    List<Integer> answers = new ArrayList<>();
    for (int i = 0; i < messages.size(); i++) {
      if (messages.get(i).role() == Role.ASSISTANT) {
        answers.add(i);
      }
    }
    List<Span> generated = text.rendered().generated();
    boolean byBlocks = !generated.isEmpty() && generated.size() == answers.size();
    List<Span> spans = new ArrayList<>();
    for (int n = 0; n < answers.size(); n++) {
      if (messages.get(answers.get(n)).weight() > 0) {
        if (byBlocks) {
          spans.add(withEnd(generated.get(n), text.marked()));
        } else {
          byPrefix(whole, answers.get(n), text).ifPresent(spans::add);
        }
      }
    }
    return spans;
  }

  private Span withEnd(Span span, String text) {
    int stop = vocabulary.endAt(text, span.end());
    return new Span(span.start(), Math.max(stop, span.end()));
  }

  private Optional<Span> byPrefix(Conversation whole, int answer, ChatTemplate.Text text) {
    Optional<ChatTemplate.Text> prompt = template.tryRender(upTo(whole, answer), true, whole);
    Optional<ChatTemplate.Text> through = template.tryRender(upTo(whole, answer + 1), false, whole);
    if (prompt.isEmpty() || through.isEmpty()) {
      return Optional.empty();
    }
    int start = prompt.get().marked().length();
    if (!text.marked().startsWith(prompt.get().marked())
        || !through.get().marked().startsWith(prompt.get().marked())) {
      return Optional.empty();
    }
    int stop = vocabulary.stop(through.get().marked().substring(start));
    int end = stop < 0 ? through.get().marked().length() : start + stop;
    return text.marked().startsWith(through.get().marked().substring(0, end))
        ? Optional.of(new Span(start, end))
        : Optional.empty();
  }

  /** The first messages, and the tools and documents of all. */
  private static Conversation upTo(Conversation whole, int end) {
    List<Message> part = new ArrayList<>();
    for (int i = 0; i < whole.messages().size(); i++) {
      Message message = whole.messages().get(i);
      if (i < end || message.role() == Role.TOOLS || message.role() == Role.DOCUMENT) {
        part.add(message);
      }
    }
    return new Conversation(part);
  }
}
