from __future__ import annotations

import pytest
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

SECTION = {"type": "section", "text": {"type": "mrkdwn", "text": "hello"}}
KEY = {"event_type": "utilization_summary", "event_payload": {"key": "s1/2026-11-23", "attempt": 1}}


def refusal(call, **arguments):
    with pytest.raises(SlackApiError) as caught:
        call(**arguments)
    return caught.value.response


def test_a_post_is_kept_with_its_blocks_and_metadata(slack, client, ops):
    answer = client.chat_postMessage(channel=ops.id, text="hi", blocks=[SECTION], metadata=KEY)
    (message,) = slack.messages(ops)
    assert (message.ts, message.text, message.blocks, message.metadata) == (answer["ts"], "hi", [SECTION], KEY)


def test_timestamps_grow_even_when_the_clock_goes_back(client, clock, ops):
    first = client.chat_postMessage(channel=ops.id, text="1")["ts"]
    clock.advance(-3600)
    second = client.chat_postMessage(channel=ops.id, text="2")["ts"]
    assert second > first


def test_a_post_to_a_person_lands_in_the_direct_conversation(slack, client, ana):
    answer = client.chat_postMessage(channel=ana.id, text="hi")
    assert answer["channel"] == client.conversations_open(users=ana.id)["channel"]["id"] == slack.dm(ana).id
    assert answer["channel"].startswith("D")


@pytest.mark.parametrize(
    ("how", "scopes", "error"),
    [
        pytest.param({"with_bot": False}, "chat:write.public", "not_in_channel", id="public, not a member"),
        pytest.param({"with_bot": False, "private": True}, "", "channel_not_found", id="private, not a member"),
        pytest.param({"archived": True}, "", "is_archived", id="archived"),
    ],
)
def test_posting_is_refused_where_the_bot_may_not_write(slack, client, how, scopes, error):
    slack.scopes.discard(scopes)
    channel = slack.add_channel("elsewhere", **how)
    assert refusal(client.chat_postMessage, channel=channel.id, text="hi")["error"] == error
    assert slack.messages(channel) == []


def test_chat_write_public_opens_public_channels(slack, client):
    channel = slack.add_channel("elsewhere", with_bot=False)
    assert client.chat_postMessage(channel=channel.id, text="hi")["ok"]


def test_unknown_channels_and_empty_or_long_messages_are_refused(client, ops):
    assert refusal(client.chat_postMessage, channel="C404", text="hi")["error"] == "channel_not_found"
    nothing = {"channel": ops.id, "text": ""}
    assert refusal(client.api_call, api_method="chat.postMessage", json=nothing)["error"] == "no_text"
    assert refusal(client.chat_postMessage, channel=ops.id, text="x" * 40_001)["error"] == "msg_too_long"


def test_blocks_over_a_limit_are_refused_with_the_place(slack, client, ops):
    answer = refusal(client.chat_postMessage, channel=ops.id, text="hi", blocks=[SECTION] * 51)
    assert answer["error"] == "invalid_blocks"
    assert answer["response_metadata"]["messages"][0].startswith("[ERROR] ")
    assert slack.messages(ops) == []


def test_a_workspace_without_native_tables_refuses_them(slack, client, ops):
    slack.refused_blocks.add("data_table")
    table = {
        "type": "data_table",
        "caption": "c",
        "rows": [[{"type": "raw_text", "text": "Agent"}], [{"type": "raw_text", "text": "Ana"}]],
    }
    answer = refusal(client.chat_postMessage, channel=ops.id, text="hi", blocks=[SECTION, table])
    assert answer["response_metadata"]["messages"] == [
        "[ERROR] unsupported type: data_table [json-pointer:/blocks/1/type]"
    ]
    slack.refused_blocks.clear()
    assert client.chat_postMessage(channel=ops.id, text="hi", blocks=[SECTION, table])["ok"]


def test_updates_change_own_messages_only_and_remember_what_was_said(slack, client, ana, ops):
    ts = client.chat_postMessage(channel=ops.id, text="before", blocks=[SECTION])["ts"]
    client.chat_update(channel=ops.id, ts=ts, text="after")
    (message,) = slack.messages(ops)
    assert (message.text, message.blocks, message.edits[0]["text"]) == ("after", [], "before")
    assert refusal(client.chat_update, channel=ops.id, ts=ts, text="x" * 4_001)["error"] == "msg_too_long"
    assert refusal(client.chat_update, channel=ops.id, ts="1.0", text="x")["error"] == "message_not_found"
    theirs = slack.world.post(channel=ops.id, user=ana.id, via="person", payload={"text": "mine"})
    assert refusal(client.chat_update, channel=ops.id, ts=theirs.ts, text="x")["error"] == "cant_update_message"


def test_a_deleted_message_is_gone_for_readers_and_known_to_the_fake(slack, client, ops):
    ts = client.chat_postMessage(channel=ops.id, text="double")["ts"]
    client.chat_delete(channel=ops.id, ts=ts)
    assert slack.messages(ops) == []
    assert client.conversations_history(channel=ops.id)["messages"] == []
    (gone,) = slack.messages(ops, deleted=True)
    assert gone.deleted_at is not None
    assert refusal(client.chat_delete, channel=ops.id, ts=ts)["error"] == "message_not_found"


def test_ephemeral_messages_reach_one_member_and_no_history(slack, client, ana, ops):
    bob = slack.add_person("bob")
    client.chat_postEphemeral(channel=ops.id, user=ana.id, text="psst")
    assert [m.text for m in slack.messages(ops, person=ana)] == ["psst"]
    assert slack.messages(ops, person=bob) == []
    assert client.conversations_history(channel=ops.id)["messages"] == []
    assert refusal(client.chat_postEphemeral, channel=ops.id, user=bob.id, text="x")["error"] == "user_not_in_channel"


def test_history_finds_a_key_again_only_when_asked_for_metadata(client, ops):
    ts = client.chat_postMessage(channel=ops.id, text="summary", metadata=KEY)["ts"]
    with_key = client.conversations_history(channel=ops.id, include_all_metadata=True)["messages"]
    assert [(m["ts"], m["metadata"]) for m in with_key] == [(ts, KEY)]
    assert "metadata" not in client.conversations_history(channel=ops.id)["messages"][0]


def test_history_runs_backwards_between_its_ends_by_page(client, clock, ops):
    stamps = []
    for n in range(5):
        stamps.append(client.chat_postMessage(channel=ops.id, text=str(n))["ts"])
        clock.advance(10)
    page = client.conversations_history(channel=ops.id, oldest=stamps[0], limit=3)
    assert [m["text"] for m in page["messages"]] == ["4", "3", "2"]
    assert page["has_more"]
    rest = client.conversations_history(
        channel=ops.id, oldest=stamps[0], limit=3, cursor=page["response_metadata"]["next_cursor"]
    )
    assert [m["text"] for m in rest["messages"]] == ["1"]
    both = client.conversations_history(channel=ops.id, oldest=stamps[1], latest=stamps[2], inclusive=True)
    assert [m["text"] for m in both["messages"]] == ["2", "1"]


def test_threads_keep_their_replies_out_of_the_channel(client, ops):
    parent = client.chat_postMessage(channel=ops.id, text="parent")["ts"]
    client.chat_postMessage(channel=ops.id, text="reply", thread_ts=parent)
    assert [m["text"] for m in client.conversations_history(channel=ops.id)["messages"]] == ["parent"]
    assert [m["text"] for m in client.conversations_replies(channel=ops.id, ts=parent)["messages"]] == [
        "parent",
        "reply",
    ]
    assert refusal(client.chat_postMessage, channel=ops.id, text="x", thread_ts="1.0")["error"] == "thread_not_found"


def test_people_are_found_by_id_and_by_address(slack, client, ana):
    user = client.users_info(user=ana.id)["user"]
    assert (user["tz"], user["profile"]["email"], user["is_restricted"]) == ("Europe/London", "ana@example.com", False)
    assert client.users_lookupByEmail(email="ANA@example.com")["user"]["id"] == ana.id
    assert refusal(client.users_lookupByEmail, email="nobody@example.com")["error"] == "users_not_found"
    assert refusal(client.users_info, user="U404")["error"] == "user_not_found"
    slack.scopes.discard("users:read.email")
    assert "email" not in client.users_info(user=ana.id)["user"]["profile"]


def test_people_of_other_organisations_are_strangers(slack, client):
    eve = slack.add_person("eve", team_id="T9OTHER")
    guest = slack.add_person("guest", restricted=True)
    assert client.users_info(user=eve.id)["user"]["is_stranger"] is True
    assert client.users_info(user=guest.id)["user"]["is_restricted"] is True
    assert eve.id not in {u["id"] for page in client.users_list(limit=2) for u in page["members"]}


def test_user_groups_have_members(slack, client, ana):
    group = slack.add_usergroup("supervisors", [ana])
    assert client.usergroups_list(include_users=True)["usergroups"][0]["users"] == [ana.id]
    assert client.usergroups_users_list(usergroup=group.id)["users"] == [ana.id]
    assert refusal(client.usergroups_users_list, usergroup="S404")["error"] == "no_such_subteam"


def test_channels_say_what_they_are(slack, client, ana):
    shared = slack.add_channel("partners", members=[ana], shared=True)
    told = client.conversations_info(channel=shared.id)["channel"]
    assert (told["is_ext_shared"], told["is_member"], told["is_archived"]) == (True, True, False)
    assert client.conversations_members(channel=shared.id)["members"] == sorted([ana.id, slack.bot_user_id])
    hidden = slack.add_channel("secret", private=True, with_bot=False)
    assert refusal(client.conversations_info, channel=hidden.id)["error"] == "channel_not_found"


def test_public_channels_can_be_joined_and_listed(slack, client):
    slack.scopes.add("channels:join")
    elsewhere = slack.add_channel("elsewhere", with_bot=False)
    slack.add_channel("old", archived=True)
    slack.add_channel("secret", private=True, with_bot=False)
    assert client.conversations_join(channel=elsewhere.id)["channel"]["is_member"] is True
    listed = client.conversations_list(types="public_channel,private_channel", exclude_archived=True)["channels"]
    assert [c["name"] for c in listed] == ["elsewhere"]


def test_a_message_has_a_link(client, ops):
    ts = client.chat_postMessage(channel=ops.id, text="hi")["ts"]
    assert client.chat_getPermalink(channel=ops.id, message_ts=ts)["permalink"].endswith(f"p{ts.replace('.', '')}")
    assert refusal(client.chat_getPermalink, channel=ops.id, message_ts="1.0")["error"] == "message_not_found"


def test_long_runs_can_forget(slack, client, ops):
    client.chat_postMessage(channel=ops.id, text="hi")
    slack.forget()
    assert (slack.messages(deleted=True), slack.calls()) == ([], [])
    assert client.chat_postMessage(channel=ops.id, text="again")["ok"]


def test_a_missing_scope_is_named(slack, client, ops):
    slack.scopes.discard("channels:history")
    answer = refusal(client.conversations_history, channel=ops.id)
    assert (answer["error"], answer["needed"]) == ("missing_scope", "channels:history")
    assert "chat:write" in answer["provided"].split(",")
    assert "channels:history" not in client.auth_test().headers["X-OAuth-Scopes"].split(",")


def test_tokens_are_checked(slack, client):
    assert client.auth_test()["user_id"] == slack.bot_user_id
    wrong = WebClient(token="xoxb-other", base_url=slack.url)
    assert refusal(wrong.auth_test)["error"] == "invalid_auth"
    assert refusal(client.apps_connections_open, app_token=slack.bot_token)["error"] == "not_allowed_token_type"
    slack.token_error = "token_revoked"
    assert refusal(client.auth_test)["error"] == "token_revoked"
    assert refusal(client.api_call, api_method="no.such")["error"] == "token_revoked"


def test_an_unknown_method_is_said_to_be_one(client):
    assert refusal(client.api_call, api_method="no.such")["error"] == "unknown_method"


def test_files_arrive_in_three_steps(slack, client, ops):
    client.files_upload_v2(channel=ops.id, content="a,b\r\n", filename="day.csv", title="Day", initial_comment="Here")
    (file,) = slack.files
    assert (file.name, file.title, file.content, file.channels) == ("day.csv", "Day", b"a,b\r\n", [ops.id])
    (message,) = slack.messages(ops)
    assert (message.via, message.files, message.text) == ("file", [file], "Here")
    assert client.files_info(file=file.id)["file"]["size"] == 5


def test_a_file_of_another_length_than_promised_is_refused(client, ops):
    asked = client.files_getUploadURLExternal(filename="a.csv", length=10)
    answer = refusal(client.files_completeUploadExternal, files=[{"id": asked["file_id"]}], channel_id=ops.id)
    assert answer["error"] == "file_upload_size_restricted"


def test_every_call_is_in_the_log(slack, client, ops):
    client.chat_postMessage(channel=ops.id, text="hi")
    refusal(client.chat_postMessage, channel="C404", text="hi")
    assert [(c.params["channel"], c.status, c.error) for c in slack.calls("chat.postMessage")] == [
        (ops.id, 200, None),
        ("C404", 200, "channel_not_found"),
    ]
