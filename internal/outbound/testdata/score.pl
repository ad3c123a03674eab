# Says what SpamAssassin makes of each mail named: its score and the rules it
# met. It asks nobody on the network and learns nothing.
use strict;
use warnings;
use Mail::SpamAssassin;

my $judge = Mail::SpamAssassin->new({
    local_tests_only     => 1,
    dont_copy_prefs      => 1,
    userprefs_filename   => '/dev/null',
    home_dir_for_helpers => $ENV{JUDGE_HOME},
    userstate_dir        => $ENV{JUDGE_HOME},
    post_config_text     => "use_bayes 0\nuse_auto_whitelist 0\nuse_txrep 0\n",
});
$judge->compile_now(0, 1);
for my $path (@ARGV) {
    open(my $file, '<:raw', $path) or die "$path: $!";
    my @lines = <$file>;
    close($file);
    my $mail = $judge->parse(\@lines);
    my $status = $judge->check($mail);
    printf("%s %.1f %s\n", $path, $status->get_score, $status->get_names_of_tests_hit);
    $status->finish;
    $mail->finish;
}
